/** Texts by what they begin with: finding costs what the text that is asked for is long, however many are held. */
interface Node<T> {
  readonly items: T[]
  /** By the first UTF-16 unit of what leads on. */
  readonly edges: Map<number, Edge<T>>
}
interface Edge<T> {
  label: string
  node: Node<T>
}

export class PrefixTree<T> {
  readonly #root: Node<T> = emptyNode()
  #size = 0

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(prefix: string, item: T): void {
    this.#size++
    let node = this.#root
    for (let at = 0; at < prefix.length; ) {
      const first = prefix.charCodeAt(at)
      const edge = node.edges.get(first)
      if (!edge) {
        const leaf = emptyNode<T>()
        node.edges.set(first, { label: prefix.slice(at), node: leaf })
        node = leaf
        break
      }
      const shared = sharedLength(edge.label, prefix, at)
      if (shared < edge.label.length) {
        const between = emptyNode<T>()
        between.edges.set(edge.label.charCodeAt(shared), { label: edge.label.slice(shared), node: edge.node })
        edge.label = edge.label.slice(0, shared)
        edge.node = between
      }
      node = edge.node
      at += shared
    }
    node.items.push(item)
  }

  /** Calls for each item whose prefix the text begins with. */
  visit(text: string, visit: (item: T) => void): void {
    let node = this.#root
    for (let at = 0; ; ) {
      for (const item of node.items) visit(item)
      const edge = at < text.length ? node.edges.get(text.charCodeAt(at)) : undefined
      if (!edge || !text.startsWith(edge.label, at)) return
      at += edge.label.length
      node = edge.node
    }
  }
}

function emptyNode<T>(): Node<T> {
  return { items: [], edges: new Map() }
}

/** How far the label agrees with the text from `at` on. */
function sharedLength(label: string, text: string, at: number): number {
  let shared = 0
  while (shared < label.length && label.charCodeAt(shared) === text.charCodeAt(at + shared)) shared++
  return shared
}
