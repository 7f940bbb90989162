/** Advice to change a setting that each network namespace has of its own, in the words of the remedies. */
const CHANGES =
  /\b(set|raise|widen) (it above|net\.(core\.somaxconn|ipv4\.(tcp_syncookies|tcp_abort_on_overflow|ip_local_port_range|tcp_tw_reuse)))/i;

const OF_HOST =
  "`sysctl -w` holds until the next boot: write the setting to a file in /etc/sysctl.d as well, and load it with `sysctl --system`.";
const OF_CONTAINER =
  "A setting named here is of the container's own network namespace: that of the host does not reach it. Give it where the container is made: `docker run --sysctl NAME=VALUE`, or `securityContext.sysctls` of the pod, where the kubelet has to be told of those that it does not hold for safe, net.core.somaxconn among them (`--allowed-unsafe-sysctls`).";

/**
 * Remedies with where a setting is to be changed, where one of them asks for that.
 *
 * @param isRoot whether they are about the host's own network namespace
 */
export function withWhereSet(remedies: readonly string[], isRoot: boolean): readonly string[] {
  if (!remedies.some((remedy) => CHANGES.test(remedy))) return remedies;
  return [...remedies, isRoot ? OF_HOST : OF_CONTAINER];
}
