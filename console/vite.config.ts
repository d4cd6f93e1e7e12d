import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const service = "http://127.0.0.1:7860";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/facefusion/ui/static",
    emptyOutDir: true,
    target: "es2022",
    // The pages' rules allow no data: addresses but for pictures, and every file has a name of its own to be kept by.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/v1": { target: service, ws: true },
      "/openapi.json": service,
    },
  },
});
