// Looks at pages for tests: reads a command a line from stdin as JSON, answers each with a line on stdout, and ends, with
// the browser, at the end of stdin. Its argument is the browser's executable.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--disable-dev-shm-usage", "--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});
let context, page, requests, errors;

const commands = {
  // open shows an address in a window of its own; what it asks for and complains of is collected from then on.
  async open({ url, width, height, dark, touch }) {
    await context?.close();
    context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", hasTouch: touch, isMobile: touch, locale: "en-GB", timezoneId: "UTC" });
    page = await context.newPage();
    [requests, errors] = [[], []];
    page.on("request", (r) => requests.push(r.url()));
    page.on("pageerror", (e) => errors.push(String(e)));
    page.on("dialog", (d) => (errors.push("dialog: " + d.message()), d.dismiss()));
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && errors.push(`${m.type()}: ${m.text()}`));
    await page.goto(url);
  },
  eval: ({ expression }) => page.evaluate(expression),
  click: ({ selector }) => page.click(selector, { timeout: 5000 }),
  hover: ({ selector }) => page.hover(selector, { timeout: 5000 }),
  shot: ({ file }) => page.screenshot({ path: file, fullPage: true }).then(() => null),
  seen: () => ({ requests, errors }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command.do](command)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
