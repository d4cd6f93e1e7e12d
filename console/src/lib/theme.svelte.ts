/** Light, dark, or as the system has it. */

export type Theme = "system" | "light" | "dark";

const KEY = "facefusion.theme";

class Themes {
  current = $state<Theme>((document.documentElement.dataset["theme"] as Theme | undefined) ?? "system");

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is left.
    }
  }
}

export const themes = new Themes();
