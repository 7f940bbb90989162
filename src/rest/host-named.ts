/** A host as a URL names it, for GraphQL: by its id, or by its name. */
export function hostNamed(text: string): { readonly id: string } | { readonly name: string } {
  return /^host_[0-9a-f-]{36}$/.test(text) ? { id: text } : { name: text };
}
