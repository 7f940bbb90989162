/**
 * A pair of network devices between the host of a drill and its peer, each in a namespace of its own: nobody else
 * sees these addresses.
 */
export const CABLE = {
  device: "cable",
  host: "10.77.0.1",
  peer: "10.77.0.2",
  /** Whom the host cannot answer: SYNs from here stay half open. */
  nobody: "10.77.0.3",
  /** A station that is not there: what the host sends to `nobody` goes to it, and is lost. */
  nowhere: "02:00:00:00:00:01",
  appPort: 8080,
  servicePort: 4000,
} as const;
