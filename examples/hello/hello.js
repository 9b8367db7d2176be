// The first steps with Debug: messages, a timer, a dump and a stack trace.
//
//     llmspell run examples/hello/hello.js
//     llmspell run examples/hello/hello.js --debug debug      also shows the debug message

console.log("hello");

// Messages go to standard error, so that standard output stays the script's answer.
Debug.info("the script starts", "hello");
Debug.debug("this one is for people who look for something", "hello");

const timer = Debug.timer("hello.work");
const squares = [];
for (let number = 1; number <= 5; number += 1) {
  squares.push(number * number);
}
timer.lap("squares");
timer.stop();

console.log("== A dump in JavaScript");
console.log(Debug.dump({ name: "hello", squares, nested: { deep: true } }, "an object"));

console.log("== A stack trace in JavaScript");

function inner(secretNumber) {
  console.log(Debug.stackTrace());
  return secretNumber;
}

function outer() {
  return inner(42) + 1;
}

const answer = outer();
console.log("== Timers");
console.log(`outer returned ${answer}`);
console.log(Debug.performanceReport());
