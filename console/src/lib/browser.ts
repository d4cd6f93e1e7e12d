/**
 * What browsers keep from pages that came neither by https nor from this machine, such as those of a service in the
 * same house: a name by chance, and copying.
 */

/** Return a name that nobody else has. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** Copy a text; return whether that was possible. */
export async function copyText(text: string): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  try {
    if (clipboard) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // It was forbidden; the older way may still be open.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  // Beside whatever has the focus: a dialog lets nothing outside of it be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } finally {
    field.remove();
  }
}
