/** Elements that have listeners or were drawn after they were parsed: they are replaced as a whole. */
const WHOLE = ".code-block, .formula";

/**
 * Turn the nodes of a rendered text into those of its next rendering, and leave in place what has not changed: only the
 * words at the end of a growing text are laid out again, and a selection before them is kept.
 *
 * @param {Node[]} shown consecutive children of one parent
 * @param {Node[]} next
 * @param {(node: Node) => void} append adds a node after the last of `shown`
 * @returns {Node[]} the nodes that are now in the document
 */
export function patchNodes(shown, next, append) {
  const patched = next.map((node, index) => {
    const old = shown[index];
    if (!old) append(node);
    return old ? patchNode(old, node) : node;
  });
  for (const old of shown.slice(next.length)) old.parentNode?.removeChild(old);
  return patched;
}

/** @param {Node} old @param {Node} next @returns {Node} the one that is now in the document */
function patchNode(old, next) {
  if (old.isEqualNode(next)) return old;
  if (old instanceof Text && next instanceof Text) {
    if (next.data.startsWith(old.data)) old.appendData(next.data.slice(old.data.length));
    else old.data = next.data;
    return old;
  }
  if (old instanceof Element && next instanceof Element && hasSameTag(old, next)) {
    patchNodes([...old.childNodes], [...next.childNodes], (node) => old.append(node));
    return old;
  }
  old.parentNode?.replaceChild(next, old);
  return next;
}

/** @param {Element} old @param {Element} next */
const hasSameTag = (old, next) =>
  !old.matches(WHOLE) && !next.matches(WHOLE) && old.cloneNode(false).isEqualNode(next.cloneNode(false));
