// Everything here makes a working page better; nothing here is needed for it to work.
import htmx from "htmx.org/dist/htmx.min.js";
import { startCombobox } from "./parts/combobox.js";
import { startDialogs } from "./parts/dialogs.js";
import { startForms } from "./parts/forms.js";
import { startGalleries } from "./parts/gallery.js";
import { startModules } from "./parts/modules.js";
import { startSpeech } from "./parts/speech.js";
import { startSteppers } from "./parts/stepper.js";
import { startSwaps } from "./parts/swaps.js";
import { startTheme } from "./parts/theme.js";

window.htmx = htmx; // lazily loaded bundles (the chat) build on it

startTheme();
startSpeech();
startDialogs(htmx);
startForms();
startSwaps();
startCombobox(htmx);
startModules();

// onLoad runs for the page itself and for each piece that is swapped in.
htmx.onLoad((root) => {
  startSteppers(root);
  startGalleries(root);
});
