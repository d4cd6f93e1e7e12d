/** Two languages. Each area keeps its words beside its pages; the type makes both complete. */

export type Language = "en" | "zh";

/** The same shape with any text in it: what one language has, the other must have. */
export type Shape<T> = T extends (...given: infer G) => string
  ? (...given: G) => string
  : T extends string
    ? string
    : { [K in keyof T]: Shape<T[K]> };

const KEY = "facefusion.language";

class Languages {
  current = $state<Language>(document.documentElement.lang.startsWith("zh") ? "zh" : "en");

  choose(language: Language): void {
    this.current = language;
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is left.
    }
  }
}

export const languages = new Languages();

/** Words of an area; `words.t` are those of the language that is chosen now. */
export function dictionary<T>(en: T, zh: Shape<T>): { readonly t: Shape<T> } {
  return {
    get t() {
      return languages.current === "zh" ? zh : (en as unknown as Shape<T>);
    },
  };
}

/** The tag by which numbers and times are written. */
export const locale = (): string => (languages.current === "zh" ? "zh-CN" : "en-GB");
