#!/bin/sh
# A machine with a systemd of its own: this host's root, under an overlay that keeps what is written, in
# namespaces of its own except that of the network. For each line on its input it boots once, says
# "init <pid>", and "off" when that machine is off; at the end of the input everything is gone.
#
#     unshare --mount machine.sh FOLDER [INIT]
set -eu

work=$1
init=${2:-/lib/systemd/systemd}
root=$work/root
cgroups=$work/cgroup
# Seconds: a machine must not outlive a test that was killed.
life=900

# Runs as process 1, but for its mounts and the last line.
boot() {
  mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$root"
  # Nothing that this host starts or mounts by itself: neither its units nor its scripts, nor its disks.
  mount --bind "$work/units" "$root/etc/systemd/system"
  if [ -d "$root/etc/init.d" ]; then mount --bind "$work/empty" "$root/etc/init.d"; fi
  : >"$root/etc/fstab"
  mount -t proc proc "$root/proc"
  # What belongs to the kernel is this host's too.
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount --bind /sys "$root/sys"
  mount -o remount,bind,ro "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/shm" "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  # Never this host's: at its start a systemd empties it.
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  # Before the old root with its /proc is gone, where this process is called as the test will call it.
  read -r pid _ </proc/self/stat
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  # A unit's own mounts reach it from here.
  mount --make-rshared /
  echo "init $pid"
  # This host's clock and modules are not the machine's to change.
  exec env -i container=spillway-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set -sys_time,-sys_module,-sys_rawio "$init" >/dev/null 2>&1
}

if [ "${3:-}" = boot ]; then boot; fi

mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/overlay" "$work/units" "$work/empty" "$root" "$cgroups"
# A group of its own, whose inside the machine takes for all there is.
mount -t cgroup2 cgroup2 "$cgroups"
group=$cgroups$(sed -n 's/^0:://p' /proc/self/cgroup)/spillway-test-$$
mkdir "$group"

while read -r _; do
  sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
    timeout --signal=KILL "$life" unshare --pid --fork --kill-child --mount --uts --ipc --cgroup sh "$0" "$work" "$init" boot || true
  echo off
done
find "$group" -depth -type d -exec rmdir {} +
