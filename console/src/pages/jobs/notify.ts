/** Whether somebody wants to be told of jobs that are over; small, as every page asks it. */

const KEY = "facefusion.notify";

export function wished(): boolean {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

export function keepWish(isWished: boolean): void {
  try {
    localStorage.setItem(KEY, isWished ? "yes" : "no");
  } catch {
    // A browser that keeps nothing: it holds until the page is left.
  }
}
