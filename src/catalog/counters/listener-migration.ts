import type { CounterTexts } from "../entry.ts";

const OFF_BY_DEFAULT =
  "Connections migrate only among listeners that share a port by SO_REUSEPORT, and only with " +
  "net.ipv4.tcp_migrate_req=1, which is not the default, or with a BPF program for it. Otherwise " +
  "they are aborted when their listener closes, and count in neither.";

export const listenerMigration: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPMigrateReqSuccess",
    incrementedBy: [
      {
        function: "inet_csk_listen_stop",
        file: "net/ipv4/inet_connection_sock.c",
        when: "A listener closes, and a connection in its accept queue moves to that of another listener.",
        since: null,
      },
      {
        function: "inet_csk_complete_hashdance",
        file: "net/ipv4/inet_connection_sock.c",
        when:
          "The final ACK of a handshake arrives after its listener has closed, and another one " +
          "takes the connection.",
        since: null,
      },
      {
        function: "reqsk_timer_handler",
        file: "net/ipv4/inet_connection_sock.c",
        when: "The timer of a half-open connection finds its listener closed, and another one takes it over.",
        since: null,
      },
    ],
    implies: "A process of a server restarted and its waiting connections were saved.",
    remedy: null,
    netstatMisleads: null,
    caveats: [OFF_BY_DEFAULT],
  },
  {
    name: "TcpExtTCPMigrateReqFailure",
    incrementedBy: [
      {
        function: "inet_csk_listen_stop",
        file: "net/ipv4/inet_connection_sock.c",
        when: "A listener closes, and the accept queue of the other one does not take a connection.",
        since: null,
      },
      {
        function: "inet_csk_complete_hashdance",
        file: "net/ipv4/inet_connection_sock.c",
        when: "The same at the final ACK of a handshake.",
        since: null,
      },
      {
        function: "tcp_check_req",
        file: "net/ipv4/tcp_minisocks.c",
        when: "A handshake was moved, and the accept queue of its new listener is full.",
        since: null,
      },
      {
        function: "reqsk_timer_handler",
        file: "net/ipv4/inet_connection_sock.c",
        when: "A half-open connection was moved, and has used up its retries.",
        since: null,
      },
      {
        function: "inet_reqsk_clone",
        file: "net/ipv4/inet_connection_sock.c",
        when: "There is no memory for moving a handshake.",
        since: null,
      },
      {
        function: "reuseport_migrate_sock",
        file: "net/core/sock_reuseport.c",
        when: "No other listener may be chosen.",
        since: null,
      },
    ],
    implies: "Connections were lost when a listener closed, although others stood ready for them.",
    remedy:
      "Look at the accept queues of the listeners that remain: they were full, or there were none. " +
      "Restart the processes of the server one after another.",
    netstatMisleads: null,
    caveats: [OFF_BY_DEFAULT],
  },
];
