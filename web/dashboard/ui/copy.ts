/** @returns whether it is in the clipboard: by plain http there is none, and where there is one it may be denied */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard === undefined) return false;
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}
