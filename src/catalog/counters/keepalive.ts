import type { CounterTexts } from "../entry.ts";

export const keepalive: CounterTexts = {
  name: "TcpExtTCPKeepAlive",
  incrementedBy: [
    {
      function: "tcp_xmit_probe_skb",
      file: "net/ipv4/tcp_output.c",
      when: "A connection with SO_KEEPALIVE was idle for its keepalive time, and a probe is sent.",
      since: null,
    },
  ],
  implies: "How many idle connections are kept open. Probes that are not answered end in TCPAbortOnTimeout.",
  remedy: null,
  netstatMisleads: null,
  caveats: ["Only connections whose application has set SO_KEEPALIVE send them."],
};
