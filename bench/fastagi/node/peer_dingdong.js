// ding-dong on node; the port is given, as it cannot tell the one it got.
const AGIServer = require('ding-dong');
const five = function (context) {
  context.onEvent('variables').then(async function () {
    for (let n = 0; n < 5; n++) await context.setVariable('V' + n, 'x');
    context.end();
  }).catch(function () {});
};
process.on('uncaughtException', function () {});
new AGIServer(five).start(parseInt(process.argv[2]));
setTimeout(function () { console.log(process.argv[2]); }, 300);
