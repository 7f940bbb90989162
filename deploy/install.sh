#!/bin/sh
# Adds this host to Spillway: installs the agent as a systemd service, starts it, and waits until the service
# has taken its first snapshot. Run again, it upgrades.
#
#     curl -fsS @SERVER@/install.sh | sudo sh -s -- --token TOKEN
#     curl -fsS @SERVER@/install.sh | sudo sh -s -- --uninstall
#
# The agent needs no privilege and gets none: it runs as a user of its own that systemd makes for it.
set -eu
# Others must be able to enter the folders that are made here, whatever the umask of whoever runs this; the token's
# file has a mode of its own.
umask 022

server='@SERVER@'
agent_sha256='@AGENT_SHA256@'
runtime_sha256='@RUNTIME_SHA256@'
runtime_arch='@RUNTIME_ARCH@'

name=spillway-agent
token=
root=
service=yes
uninstall=no

fail() {
  printf 'spillway: %s\n' "$1" >&2
  exit 1
}

usage() {
  cat <<'USAGE'
usage: install.sh --token TOKEN [--server URL] [--root DIR] [--no-service]
       install.sh --uninstall [--root DIR]

  --token TOKEN   an ingest token: `spillway token create --scope ingest`
  --server URL    the service, if not the one that this script came from
  --root DIR      install below DIR, for images (default /)
  --no-service    write the files and start nothing
  --uninstall     stop the agent and remove it, its identity and its token
USAGE
}

# One function, called on the last line: a download that is cut half way does nothing.
main() {
while [ $# -gt 0 ]; do
  case $1 in
    --token) token=${2:?--token needs a token}; shift 2 ;;
    --server) server=${2:?--server needs a URL}; shift 2 ;;
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --no-service) service=no; shift ;;
    --uninstall) uninstall=yes; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail "there is no option $1" ;;
  esac
done
while [ "${server%/}" != "$server" ]; do server=${server%/}; done

# Paths as the host will see them; files are written below $root.
lib=/opt/$name
etc=$root/etc/$name
units=$root/etc/systemd/system
unit=$units/$name.service

if [ "$uninstall" = yes ]; then
  if [ -z "$root" ] && command -v systemctl >/dev/null 2>&1; then
    # The agent's mark of a stop that is for good (agent/stop.ts).
    : >"/run/$name.leaving"
    systemctl disable --now "$name-token.path" >/dev/null 2>&1 || true
    systemctl disable --now "$name" >/dev/null 2>&1 || true
    rm -f "/run/$name.leaving"
  fi
  rm -rf "$root$lib" "$etc" "$unit" "$unit.d" "$units/$name-token.path" "$units/$name-token.service" "$root/var/lib/$name" "$root/var/lib/private/$name"
  if [ -z "$root" ] && command -v systemctl >/dev/null 2>&1; then systemctl daemon-reload; fi
  printf 'spillway: the agent is removed; the service keeps what it has of this host\n'
  exit 0
fi

[ "$(uname -s)" = Linux ] || fail "this is $(uname -s); the agent reads Linux kernels"
if [ -z "$token" ] && [ -r "$etc/token" ]; then token=$(cat "$etc/token"); fi
[ -n "$token" ] || fail 'no token: give --token; `spillway token create --scope ingest` makes one'
mkdir -p "$root$lib" "$etc" "$units" 2>/dev/null || fail "cannot write to ${root:-/}: run this as root"
chmod 0755 "$root$lib"
if [ "$service" = yes ] && ! command -v systemctl >/dev/null 2>&1; then
  fail "there is no systemd here: use --no-service, and start $lib/agent.mjs by what starts services on this host"
fi
# LoadCredential came with 247: an older one ignores it, and the agent would find no token.
if [ "$service" = yes ]; then
  version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  [ "${version:-247}" -ge 247 ] ||
    fail "this is systemd $version, and the unit needs 247: use --no-service, and start $lib/agent.mjs by a unit of your own"
fi

if command -v curl >/dev/null 2>&1; then
  fetch() { curl -fsS --retry 3 -o "$2" "$1"; }
elif command -v wget >/dev/null 2>&1; then
  fetch() { wget -q -O "$2" "$1"; }
else
  fail 'neither curl nor wget is here: install one of them'
fi

# Fetched beside its place and moved there once its digest is right: an upgrade that fails leaves what was.
install_file() {
  fetch "$1" "$2.new" || fail "cannot fetch $1"
  found=$(sha256sum "$2.new" | cut -d ' ' -f 1)
  if [ "$found" != "$3" ]; then
    rm -f "$2.new"
    fail "$1 has the digest $found and not $3: something between here and the service changed it, or the service was upgraded meanwhile; try again"
  fi
  chmod 0755 "$2.new"
  mv -f "$2.new" "$2"
}

good_node() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1
}

# The unit sees no home and no temporary folder of others, and a snap does not start without privilege.
reachable() {
  case $(readlink -f "$1") in /home/* | /root/* | /run/* | /tmp/* | /var/tmp/* | */snap) return 1 ;; esac
}

node=$(command -v node || true)
if [ -n "$node" ] && reachable "$node" && good_node "$node"; then
  runtime=$node
  printf 'spillway: using the Node of this host, %s (%s)\n' "$node" "$("$node" --version)"
else
  arch=$(uname -m)
  case $arch in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; esac
  [ "$arch" = "$runtime_arch" ] ||
    fail "this host has no Node of 20.19 or newer outside of homes, and the service has one for $runtime_arch only: install Node, then run this again"
  node=$lib/node
  runtime=$root$node
  install_file "$server/runtime/node" "$runtime" "$runtime_sha256"
  good_node "$runtime" || fail "the runtime of the service does not run here (an older or another libc?): install Node 20.19 or newer, then run this again"
  printf 'spillway: using the runtime of the service, %s\n' "$node"
fi

# Whether Node knows a CA that vouches for the service. Any other fault is for the agent to tell.
knows_ca() {
  env -i "$runtime" -e '
    const end = (error) => process.exit(/SELF_SIGNED|LEAF_SIGNATURE|ISSUER_CERT/.test(error?.code) ? 1 : 0);
    require("https").get(process.argv[1], () => end()).on("error", end).setTimeout(10_000, () => end());
  ' "$server/healthz"
}

# Node has CAs of its own and passes over the system's, among which a company has its own. Those are added where they
# are needed: elsewhere the agent trusts no more than Node does.
ca=
case $server in
  https://*)
    ca=${NODE_EXTRA_CA_CERTS:-}
    if [ -n "$ca" ]; then
      case $ca in /*) ;; *) fail "NODE_EXTRA_CA_CERTS is $ca: give the whole path" ;; esac
      reachable "$ca" || fail "NODE_EXTRA_CA_CERTS is $ca, where the unit cannot go: put the file below /etc"
    elif [ -r "$unit" ]; then
      ca=$(sed -n 's/^Environment=NODE_EXTRA_CA_CERTS=//p' "$unit")
      [ -r "$root$ca" ] || ca=
    fi
    if [ -z "$ca" ] && ! knows_ca; then
      for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        if [ -z "$ca" ] && [ -r "$root$file" ]; then ca=$file; fi
      done
    fi
    [ -z "$ca" ] || printf 'spillway: the agent takes the CAs of %s as well\n' "$ca"
    ;;
esac
environment=Environment=MALLOC_ARENA_MAX=1
[ -z "$ca" ] || environment="$environment
Environment=NODE_EXTRA_CA_CERTS=$ca"

install_file "$server/agent.mjs" "$root$lib/agent.mjs" "$agent_sha256"
# The token is written for a start that comes anyway.
if [ "$service" = yes ]; then systemctl stop "$name-token.path" >/dev/null 2>&1 || true; fi
(umask 077 && printf '%s\n' "$token" >"$etc/token.new" && mv -f "$etc/token.new" "$etc/token")

cat >"$unit.new" <<UNIT
[Unit]
Description=Spillway agent: TCP listen queue overflows
Documentation=$server
# Not after the network is up: what is counted until then waits in the spool. Stopped before the network is, and
# after /run/nologin tells that the host goes down, so that it can say so.
After=network.target
# The id of a machine that starts for the first time is not on its disk before, and tells a copied state folder.
After=systemd-machine-id-commit.service
Before=systemd-user-sessions.service

[Service]
# One thread beside its own, and one arena of memory: it does one thing at a time, and 1 to 2 MB are saved.
$environment
ExecStart=$node --v8-pool-size=1 $lib/agent.mjs --server $server --token-file \${CREDENTIALS_DIRECTORY}/token --state-dir \${STATE_DIRECTORY}
LoadCredential=token:/etc/$name/token
StateDirectory=$name
StateDirectoryMode=0700
DynamicUser=yes
Restart=always
RestartSec=5
TimeoutStopSec=10
# It reads /proc and talks to the service and to netlink; everything else is taken away. Not ProtectHostname: it
# would go on seeing the name of its start, which DHCP may give later.
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
MemoryMax=256M
TasksMax=64

[Install]
WantedBy=multi-user.target
Also=$name-token.path
UNIT
mv -f "$unit.new" "$unit"

# The token is copied for the agent when it starts, and never again: one that was changed takes a restart.
cat >"$units/$name-token.path" <<UNIT
[Unit]
Description=Watches the token of the Spillway agent

[Path]
PathChanged=/etc/$name/token

[Install]
WantedBy=multi-user.target
UNIT
cat >"$units/$name-token.service" <<UNIT
[Unit]
Description=Restarts the Spillway agent with its new token
# Removed is not changed, and it may be written as often as anybody likes.
ConditionPathExists=/etc/$name/token
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=systemctl --no-block try-restart $name.service
UNIT

if [ "$service" = no ]; then
  printf 'spillway: installed in %s; nothing is started\n' "$root$lib"
  exit 0
fi

systemctl daemon-reload
systemctl enable --quiet "$name" "$name-token.path" || fail "systemctl cannot enable $name: see what it says above"
systemctl restart "$name"
systemctl start "$name-token.path"
printf 'spillway: started; waiting for the first snapshot to be taken ...\n'
run=$(systemctl show --property InvocationID --value "$name")
tries=0
while [ $tries -lt 30 ]; do
  if journalctl --quiet --output cat "_SYSTEMD_INVOCATION_ID=$run" | grep -q 'took the first snapshot'; then
    printf 'spillway: this host is in. See %s\n' "$server"
    exit 0
  fi
  systemctl is-active --quiet "$name" || break
  tries=$((tries + 1))
  sleep 1
done
printf 'spillway: no snapshot was taken yet. What the agent says:\n' >&2
journalctl -u "$name" -n 20 --no-pager >&2 || true
exit 1
}

main "$@"
