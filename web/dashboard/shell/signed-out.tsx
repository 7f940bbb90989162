import { signInUrl } from "../client/session.ts";
import { Icon } from "../ui/icon.tsx";

/** Said above the page when the session is over: what is shown stays readable. */
export function SignedOut() {
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
