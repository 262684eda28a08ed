#!/bin/bash
# Makes the guest's file tree and image: build-root.sh RECIPE OUTPUT [MIRROR]
# OUTPUT gets disk.img, vmlinuz and initrd.img. Needs root, debootstrap and mke2fs.
# MOORING_LAB_ROOT_TREE may name a ready debootstrapped tree; it is copied, not changed.
set -euo pipefail

recipe=$1
output=$2
mirror=${3:-}
root=$output/root

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

# No login on a console, nothing that fetches packages in the middle of a test, and no saved targets:
# the harness makes the target itself.
systemctl --root="$root" mask --quiet serial-getty@ttyS0.service getty@tty1.service \
  rtslib-fb-targetctl.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer
systemctl --root="$root" enable --quiet mooring-lab-agent.service mooring-lab-network.service

# The distribution's initrd holds every driver there is; unpacking it costs an emulated CPU seconds.
kernel=$(basename "$root"/boot/vmlinuz-*)
cp -a "$root/etc/initramfs-tools" "$root/tmp/initramfs"
printf 'MODULES=list\nCOMPRESS=gzip\n' >>"$root/tmp/initramfs/initramfs.conf"
printf '%s\n' virtio_pci virtio_blk ext4 >>"$root/tmp/initramfs/modules"
chroot "$root" mkinitramfs -d /tmp/initramfs -o /tmp/initrd.img "${kernel#vmlinuz-}"
mv "$root/tmp/initrd.img" "$output/initrd.img"
cp "$root/boot/$kernel" "$output/vmlinuz"
rm -rf "$root/tmp/initramfs" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

mke2fs -q -t ext4 -L mooring-lab -d "$root" "$output/disk.img" 3G
rm -rf "$root"
