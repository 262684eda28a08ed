import type { Guest } from './guest.js';

const CLEAN_TIMEOUT_MS = 120_000;

/** Back to a host that knows of no target, by force; its daemons must run. */
export async function cleanHost(guest: Guest): Promise<void> {
  await guest.script(
    `
    for name in $(ls /sys/block | grep ^dm- || true); do
      multipathd disablequeueing map $(cat /sys/block/$name/dm/name) > /dev/null || true
    done
    udevadm settle
    for attempt in 1 2 3 4 5 6 7 8; do
      ! ls /sys/block | grep -q ^dm- || multipath -F || sleep 1
    done
    for disk in $(ls /sys/block | grep ^sd || true); do
      echo 1 > /sys/block/$disk/device/delete
    done
    iscsiadm -m node --logoutall=all > /dev/null || true
    for session in $(ls /sys/class/iscsi_session 2> /dev/null || true); do
      iscsiadm -m session -r \${session#session} --logout > /dev/null || true
    done
    rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets /etc/multipath/wwids
    mkdir -p /etc/iscsi/nodes /etc/iscsi/send_targets
    udevadm settle
    until [ "$(multipathd show paths raw format %d | grep -c ^sd)" = 0 ]; do sleep 0.1; done`,
    { timeoutMs: CLEAN_TIMEOUT_MS },
  );
}

/** Ends what is left of a target that is no more, whoever made it: sessions and node records. */
export async function forgetTarget(guest: Guest, iqn: string): Promise<void> {
  for (const end of [['--logout'], ['-o', 'delete']]) {
    await guest.run(['iscsiadm', '-m', 'node', '-T', iqn, ...end]);
  }
}
