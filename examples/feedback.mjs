// Watch the gateway learn. Start it with `npm start`, then run this beside it:
//
//     node examples/feedback.mjs
//
// It asks coding questions of the simulated models, sends back how good each answer was (the simulation tells), and prints
// which model answers. At first that is the cheapest; soon it is `medium`, which was made better at code than the others.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.POINTSMAN_URL ?? 'http://127.0.0.1:4040/v1', apiKey: 'none' });
const tasks = [
  'reverses a list',
  'parses JSON',
  'finds a bug in a loop',
  'sorts a table with SQL',
  'debugs a Python class',
];
const rounds = Number(process.argv[2] ?? 10);

for (let round = 1; round <= rounds; round++) {
  const counts = {};
  for (let i = 0; i < 20; i++) {
    const content = `Write a function that ${tasks[i % tasks.length]}, variant ${round}.${i}`;
    const { data, response } = await client.chat.completions
      .create({ model: 'auto', max_tokens: 5, messages: [{ role: 'user', content }] })
      .withResponse();
    const model = response.headers.get('x-pointsman-model');
    counts[model] = (counts[model] ?? 0) + 1;
    await client.post('/feedback', {
      body: { decision: response.headers.get('x-pointsman-decision'), score: data.simulated.quality },
    });
  }
  console.log(`questions ${(round - 1) * 20 + 1} to ${round * 20}:`, counts);
}
