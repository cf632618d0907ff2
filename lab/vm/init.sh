#!/bin/sh
# First program of a machine's kernel: loads the drivers of its disks, lets its identity in once, and hands over to its root.
set -eu
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
read -r arguments </proc/cmdline
case " $arguments " in *" lab.probe "*) reboot -f ;; esac

while read -r module; do insmod "/modules/$module.ko"; done </modules/order
mount -t ext4 /dev/vda /root
if [ ! -e /root/etc/lab-identity ]; then
    cp -a /identity/. /root/
    sync
    touch /root/etc/lab-identity
    sync
fi
umount /proc
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
