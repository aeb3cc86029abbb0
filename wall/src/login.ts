// Takes the token once; what the browser keeps is a cookie that no script can read. A kiosk brings its token
// in the address, behind `#token=`: that part never leaves the browser, and is taken out of it at once.

import { address } from "./link";
import { applyTheme } from "./theme";

const form = document.getElementById("login") as HTMLFormElement;
const field = document.getElementById("token") as HTMLInputElement;
const answer = document.getElementById("answer")!;
const spanish = navigator.languages[0]?.toLowerCase().startsWith("es") ?? false;
const words = spanish
  ? {
      lang: "es",
      button: "Entrar",
      wrong: "La clave no es correcta.",
      lost: "El exportador no responde.",
      label: "Clave de acceso",
    }
  : {
      lang: "en",
      button: "Log in",
      wrong: "Wrong token.",
      lost: "The exporter does not answer.",
      label: "Token",
    };

document.documentElement.lang = words.lang;
applyTheme(null);
form.querySelector("button")!.textContent = words.button;
form.querySelector("label")!.textContent = words.label;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn(field.value);
});

const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  history.replaceState(null, "", location.pathname + location.search);
  void logIn(brought);
}

async function logIn(token: string): Promise<void> {
  answer.textContent = "";
  try {
    const response = await fetch(address("login"), {
      method: "POST",
      body: token,
      headers: { "Content-Type": "text/plain" },
    });
    if (response.ok) location.replace(address("") + location.search);
    else answer.textContent = words.wrong;
  } catch {
    answer.textContent = words.lost;
  }
  field.value = "";
}
