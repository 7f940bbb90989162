import { useEffect } from "react";
import { useClient } from "urql";
import { signInUrl } from "../client/session.ts";
import { SignedInDocument } from "../generated/documents.ts";
import { Icon } from "../ui/icon.tsx";

/** How often a tab asks whether somebody has signed in again. */
const ASK_MS = 120_000;

/**
 * Said above the page when the session is over: what is shown stays readable. When somebody signs in again in another tab,
 * this one finds out when it is looked at.
 */
export function SignedOut() {
  const client = useClient();
  useEffect(() => {
    // That it is answered is all that counts, and the client sees to it.
    const ask = () => {
      if (document.visibilityState === "visible") void client.query(SignedInDocument, {}).toPromise();
    };
    const timer = setInterval(ask, ASK_MS);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [client]);
  return (
    <p className="banner banner-warn banner-top" role="alert">
      <Icon name="warning" />
      <span>
        <strong>You are signed out.</strong> The session has ended; what you see is not renewed.
      </span>
      <a className="button button-small" href={signInUrl()}>
        Sign in again
      </a>
    </p>
  );
}
