/** Whether `name` matches a pattern in which each `*` stands for any run of characters, also an empty one. */
export function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let i = 0; i < name.length;) {
    if (pattern[at] === '*') {
      star = at++;
      retry = i;
    } else if (at < pattern.length && pattern[at] === name[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Whether some name matches both patterns. O(length x length). */
export function overlap(a: string, b: string): boolean {
  // reach[j]: the part of `a` read so far and the first j characters of `b` can match the same text.
  let reach = Array.from({ length: b.length + 1 }, (_, j) => /^\**$/.test(b.slice(0, j)));
  for (let i = 0; i < a.length; i++) {
    const star = a[i] === '*';
    const next = [star && reach[0] === true];
    for (let j = 0; j < b.length; j++) {
      const other = b[j];
      const both = reach[j] === true && (star || other === '*' || a[i] === other);
      const skipsA = star && reach[j + 1] === true;
      const skipsB = other === '*' && (next[j] === true || reach[j + 1] === true);
      const eatsB = star && next[j] === true;
      next.push(both || skipsA || skipsB || eatsB);
    }
    reach = next;
  }
  return reach[b.length] === true;
}
