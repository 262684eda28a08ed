import type { Guest } from '../guest.js';

/** All of it: a record is written beside the nodes and moved there, which wants one file system. */
const DATABASE = '/etc/iscsi';
const DISK = '/run/lab-disk';
const FILLER = `${DISK}/filler`;

/** The disk of open-iscsi's node database: a small one of its own, when it has to become full. */
export class RecordDisk {
  private readonly guest: Guest;
  private isMounted = false;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** Not a byte more can be written to the database; a file can be made, and stays empty. */
  async fill(): Promise<void> {
    await this.guest.script(`
      mkdir -p ${DISK}
      mount -t tmpfs -o size=256k lab-disk ${DISK}
      cp -a ${DATABASE} ${DISK}/iscsi
      mount --bind ${DISK}/iscsi ${DATABASE}
      dd if=/dev/zero of=${FILLER} bs=4k status=none 2> /dev/null || true`);
    this.isMounted = true;
  }

  /** There is room again. */
  async free(): Promise<void> {
    if (this.isMounted) await this.guest.script(`rm -f ${FILLER}`);
  }

  /** The disk below has the database again, as it is now. */
  async remove(): Promise<void> {
    if (!this.isMounted) return;
    await this.guest.script(`
      umount ${DATABASE}
      find ${DATABASE} -mindepth 1 -delete
      cp -a ${DISK}/iscsi/. ${DATABASE}/
      umount ${DISK}`);
    this.isMounted = false;
  }
}
