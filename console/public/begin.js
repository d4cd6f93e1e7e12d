// Runs before anything is painted, so that nobody sees the other colours or the other language first.
(function () {
  "use strict";
  var root = document.documentElement;
  var kept = function (name) {
    try {
      return window.localStorage.getItem(name);
    } catch (error) {
      return null; // a browser that keeps nothing
    }
  };
  var theme = kept("facefusion.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  var language = kept("facefusion.language") || (navigator.language || "en").slice(0, 2);
  root.lang = language === "zh" ? "zh-CN" : "en";
})();
