// Names for people: of languages, queues, reasons.

const languages = new Intl.DisplayNames(["en"], { type: "language" });

/** "es-US" → "Spanish". */
export function language(tag: string): string {
  try {
    return languages.of(new Intl.Locale(tag).language) ?? tag;
  } catch {
    return tag || "Not chosen";
  }
}

/** "member_services" → "Member services". */
export function words(name: string): string {
  const text = name.replace(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
