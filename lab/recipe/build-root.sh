#!/bin/bash
# Makes the guest's file tree and image: build-root.sh RECIPE OUTPUT [MIRROR]
# OUTPUT gets disk.img, vmlinux and initrd.img. Needs root, debootstrap, mke2fs and xz.
# MOORING_LAB_ROOT_TREE may name a ready debootstrapped tree; it is copied, not changed.
set -euo pipefail

recipe=$1
output=$2
mirror=${3:-}
root=$output/root

# A little-endian number of 4 bytes in a file: number_at FILE OFFSET
number_at() {
  od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

# The ELF kernel inside a bzImage; offsets of the x86 boot protocol (Documentation/x86/boot.rst).
unpack_kernel() {
  local setup_sectors offset length
  setup_sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$1" | tr -d ' ')
  offset=$(number_at "$1" $((0x248)))
  length=$(number_at "$1" $((0x24c)))
  # The length of the unpacked kernel follows the compressed stream.
  dd if="$1" bs=64K iflag=skip_bytes,count_bytes status=none \
    skip=$(((setup_sectors + 1) * 512 + offset)) count="$length" |
    xz --decompress --single-stream --stdout
}

if [[ -n ${MOORING_LAB_ROOT_TREE:-} ]]; then
  cp -a "$MOORING_LAB_ROOT_TREE" "$root"
else
  packages=$(paste -sd, "$recipe/packages.txt")
  debootstrap --variant=minbase --include="$packages" bookworm "$root" ${mirror:+"$mirror"}
fi

cp -a --no-preserve=ownership "$recipe/root/." "$root/"
echo mooring-lab >"$root/etc/hostname"
# A guest has its own identity, made at its first boot.
: >"$root/etc/machine-id"
passwd --root "$root" --delete root >/dev/null

# No login on a console, nothing that fetches packages in the middle of a test, no saved targets (the
# harness makes them), and nothing slow to start that no attach and no detach has to do with.
systemctl --root="$root" mask --quiet serial-getty@ttyS0.service getty@tty1.service \
  rtslib-fb-targetctl.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-logind.service \
  systemd-binfmt.service systemd-pstore.service systemd-update-utmp-runlevel.service \
  modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service sys-fs-fuse-connections.mount
systemctl --root="$root" enable --quiet mooring-lab-agent.service mooring-lab-network.service

# The distribution's initrd and kernel hold every driver, compressed: unpacking them costs an emulated
# CPU seconds.
kernel=$(basename "$root"/boot/vmlinuz-*)
cp -a "$root/etc/initramfs-tools" "$root/tmp/initramfs"
printf 'MODULES=list\nCOMPRESS=gzip\n' >>"$root/tmp/initramfs/initramfs.conf"
printf '%s\n' virtio_pci virtio_blk ext4 >>"$root/tmp/initramfs/modules"
install -m 0755 "$recipe/initrd/init" "$root/tmp/initramfs/init"
install -m 0755 "$recipe/initrd/hook" "$root/tmp/initramfs/hooks/mooring-lab"
chroot "$root" mkinitramfs -d /tmp/initramfs -o /tmp/initrd.img "${kernel#vmlinuz-}"
mv "$root/tmp/initrd.img" "$output/initrd.img"
unpack_kernel "$root/boot/$kernel" >"$output/vmlinux"
rm -rf "$root/tmp/initramfs" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

mke2fs -q -t ext4 -L mooring-lab -d "$root" "$output/disk.img" 3G
rm -rf "$root"
