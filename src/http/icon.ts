import { Router } from "express";

/** A dam with water going over it. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M3 29V9h9v20z" fill="#64748b"/>
<path d="M3 9h9c9 0 8 13 17 16v4h-9C13 27 17 13 12 13H3z" fill="#0ea5e9"/>
</svg>
`;

/** What pages put in their head, so that a browser does not look for an icon elsewhere. */
export const ICON_LINK = '<link rel="icon" href="/favicon.svg" type="image/svg+xml">';

export function iconRoutes(): Router {
  const router = Router();
  router.get("/favicon.svg", (_request, response) => {
    response.set("Cache-Control", "public, max-age=86400").type("svg").send(ICON);
  });
  return router;
}
