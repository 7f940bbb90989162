/** What the agent says about itself: one line each, on stderr. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Anything shorter is no secret, and taking it out would garble what is said. */
const SECRET_MIN = 8;

/**
 * Plain `level message` for a person at a terminal, one JSON object a line for anything else.
 *
 * @param write takes one line without its newline.
 * @param secrets what must not be in any line; may grow. Messages quote what a server or a proxy said, and
 * some repeat the headers of the request.
 */
export function createLog(options: {
  readonly plain: boolean;
  readonly write: (line: string) => void;
  readonly secrets: ReadonlySet<string>;
  readonly now?: () => number;
}): Log {
  const { plain, write, secrets, now = Date.now } = options;
  const say = (level: string) => (message: string) => {
    let msg = message;
    for (const secret of secrets) if (secret.length >= SECRET_MIN) msg = msg.replaceAll(secret, "***");
    if (plain) write(`${level} ${oneLine(msg)}`);
    else write(JSON.stringify({ level, time: new Date(now()).toISOString(), part: "agent", msg }));
  };
  return { info: say("info"), warn: say("warn"), error: say("error") };
}

/** A log that says the same thing at most once in a while, and then how often it was left out. */
export interface SeldomLog {
  /** @param subject what counts as the same thing. */
  say(subject: string, write: (message: string) => void, message: string): void;
  /** The thing is over: the next time it is said at once. */
  over(subject: string): void;
}

export function createSeldomLog(everyMs: number, monotonicMs: () => number): SeldomLog {
  const subjects = new Map<string, { saidAt: number; leftOut: number }>();
  return {
    say(subject, write, message) {
      const known = subjects.get(subject);
      const now = monotonicMs();
      if (known !== undefined && now - known.saidAt < everyMs) {
        known.leftOut += 1;
        return;
      }
      const again =
        known === undefined || known.leftOut === 0 ? "" : ` (and ${known.leftOut} times more before)`;
      subjects.set(subject, { saidAt: now, leftOut: 0 });
      write(`${message}${again}`);
    },
    over(subject) {
      subjects.delete(subject);
    },
  };
}

/** A message may quote what a server sent, which must not forge lines or steer a terminal. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return message.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
