/** The dashboard: everything that it shows comes from /graphql, let in by the session's cookie. */
import "./theme/tokens.css";
import "./theme/base.css";
import "./ui/ui.css";
import "./shell/shell.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { client } from "./client/client.ts";
import { App } from "./shell/app.tsx";
import { applyTheme, chosenTheme } from "./theme/theme.ts";

applyTheme(chosenTheme());
const root = document.getElementById("dashboard");
if (root === null) throw new Error("the page has no element #dashboard");
createRoot(root).render(
  <StrictMode>
    <Provider value={client}>
      <App />
    </Provider>
  </StrictMode>,
);
