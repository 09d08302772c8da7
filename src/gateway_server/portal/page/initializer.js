// Shows the API document that stands beside this page. Nothing is asked of anybody else, and
// no credential outlives the page.
"use strict";

const beside = new URL("../openapi.json", document.currentScript.src);

window.ui = SwaggerUIBundle({
  url: beside.href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
