/** Why a change was not made; nothing when it was. */
export function Fault({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <p className="action-fault" role="alert">
      {text}
    </p>
  );
}
