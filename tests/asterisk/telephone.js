// An agent's browser as a telephone: it knows what the API tells it, and nothing else.
"use strict";
const at = (id) => document.getElementById(id);
let session = null;

async function ask(method, path, body) {
  const headers = { "X-Requested-With": "callcenter", "Idempotency-Key": crypto.randomUUID() };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${told.code}`);
  return told;
}

function show(state) {
  at("state").textContent = state;
  at("answer").hidden = state !== "ringing";
  at("hang-up").hidden = state !== "talking";
}

function ring(arrived) {
  session = arrived;
  at("caller").textContent = session.remote_identity.uri.user;
  session.on("peerconnection", ({ peerconnection }) =>
    peerconnection.addEventListener("track", (event) => { at("heard").srcObject = event.streams[0]; }));
  session.on("confirmed", () => show("talking"));
  for (const end of ["ended", "failed"]) session.on(end, ({ cause }) => show(`over: ${cause}`));
  show("ringing");
}

async function connect() {
  const telephone = await ask("GET", "/agents/me/telephone");
  const agent = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(telephone.websocket)],
    uri: telephone.uri,
    realm: telephone.realm,
    ha1: telephone.ha1,
  });
  agent.on("registered", async () => {
    await ask("POST", "/agents/me/actions/log-in", { phone: "web" });
    show("ready");
  });
  agent.on("registrationFailed", ({ cause }) => show(`not registered: ${cause}`));
  agent.on("newRTCSession", (event) => ring(event.session));
  agent.start();
}

// What arrived and what was sent, by the browser's own account.
async function heard() {
  const sum = { codec: "", packetsReceived: 0, packetsSent: 0, energyHeard: 0, energySpoken: 0 };
  for (const each of (await session.connection.getStats()).values()) {
    if (each.type === "inbound-rtp") {
      sum.packetsReceived += each.packetsReceived;
      sum.energyHeard += each.totalAudioEnergy || 0;
    }
    if (each.type === "outbound-rtp") sum.packetsSent += each.packetsSent;
    if (each.type === "media-source") sum.energySpoken += each.totalAudioEnergy || 0;
    if (each.type === "codec") sum.codec = each.mimeType;
  }
  return sum;
}

at("log-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  await ask("POST", "/session", { user: at("user").value, password: at("password").value, kind: "cookie" });
  await connect();
});
at("answer").addEventListener("click", () => session.answer({
  mediaConstraints: { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } },
}));
at("hang-up").addEventListener("click", () => session.terminate());
