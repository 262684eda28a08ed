/**
 * Writing half of the second seam (design 3). Only verbs use it, and only on the kernel's
 * attributes, the node database, udev's links and mooring's own run directory.
 */
export interface FileWriter {
  /** Writes to an existing sysfs attribute, in one write call; never creates a file. */
  writeAttribute(path: string, value: string): Promise<void>;
  /**
   * Replaces or creates a file as a whole (another file elsewhere, then rename); directories are
   * made 0700.
   */
  replaceFile(path: string, text: string, mode: number): Promise<void>;
  /** Removes a file or a symbolic link; absence is fine. */
  removeFile(path: string): Promise<void>;
  /** Has what a tool wrote to a file outlive a power cut; absence is fine. */
  keepFile(path: string): Promise<void>;
}
