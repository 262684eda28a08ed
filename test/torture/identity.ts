/** The text by which a volume's content says whose it is. */
export function identityOf(index: number): string {
  return `content of volume ${index}`;
}
