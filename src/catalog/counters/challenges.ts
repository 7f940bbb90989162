import type { CounterTexts } from "../entry.ts";

export const challenges: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPSYNChallenge",
    incrementedBy: [
      {
        function: "tcp_validate_incoming",
        file: "net/ipv4/tcp_input.c",
        when:
          "A SYN arrives on a connection that exists already. It is dropped, and answered with a " +
          "challenge ACK unless too many were sent.",
        since: null,
      },
    ],
    implies:
      "Clients use a port again that this host still holds a connection for: they were restarted, " +
      "or something between, such as NAT or a load balancer, forgot the connection. Or somebody " +
      "sends forged SYNs.",
    remedy:
      "Make the idle timeouts agree: what stands between should keep connections longer than the " +
      "hosts do, or the hosts send keepalives more often.",
    netstatMisleads: null,
    caveats: ["A SYN for a connection in TIME_WAIT does not count here."],
  },
  {
    name: "TcpExtTCPChallengeACK",
    incrementedBy: [
      {
        function: "tcp_send_challenge_ack",
        file: "net/ipv4/tcp_input.c",
        when:
          "A connection receives a RST, a SYN or an ACK that may be forged, and asks the peer with " +
          "an ACK (RFC 5961).",
        since: null,
      },
      {
        function: "tcp_reqsk_send_challenge_ack",
        file: "net/ipv4/tcp_input.c",
        when: "The same for a half-open connection that receives a RST whose sequence number is not exact.",
        since: null,
      },
    ],
    implies:
      "Peers and this host disagree on the state of connections: forgotten by NAT or a load " +
      "balancer, restarted peers, or forged packets.",
    remedy: "Do what TCPSYNChallenge calls for. A few are normal.",
    netstatMisleads: null,
    caveats: [
      "Those that were not sent, because too many were due, count in TCPACKSkippedChallenge instead.",
    ],
  },
];
