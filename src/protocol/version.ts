/**
 * The version of the wire contract between agent and service, sent in every push.
 *
 * Unknown fields are ignored, so a field that an older reader can do without is added under the same
 * version. A change that an older reader would misunderstand takes a new one, and a version that the
 * service does not speak is refused as a whole.
 */
export const PROTOCOL_VERSION = 1;

/**
 * What the service takes. A new version is added, and the two before it stay: agents are upgraded after the
 * service, host by host. There has been no other than the first.
 */
export const SPOKEN_VERSIONS: readonly number[] = [PROTOCOL_VERSION];
