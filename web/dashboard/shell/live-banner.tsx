import { useEffect, useState } from "react";
import { live } from "../client/live.ts";
import { useSignal } from "../client/signal.ts";
import { Icon } from "../ui/icon.tsx";

/** A connection that comes back within this is nothing to tell of. */
const PATIENCE_MS = 3_000;

/** Says that live updates are lost, for as long as they are. */
export function LiveBanner() {
  const state = useSignal(live);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (state === "connected" || state === "idle") return setLost(false);
    const timer = setTimeout(() => setLost(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (!lost) return null;
  return (
    <p className="banner banner-warn banner-top" role="alert">
      <Icon name="warning" />
      <span>
        <strong>Live updates are lost.</strong> Connecting again; until then this page asks by itself now and
        then.
      </span>
    </p>
  );
}
