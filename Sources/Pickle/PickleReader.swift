// Python's pickles, read as data.
//
// A pickle is a little program. This machine runs the part of it that builds numbers,
// texts, lists and dicts. Where the program would import a class or call something, it
// only notes down what with which arguments; `PickledClasses` then knows the few classes
// that results are made of, and anything else is shown for what it is. No pickle can
// make this program do anything but use memory, and how much is limited.

package import CeleryCore

/// Reads pickles of the protocols 0 to 5.
package struct PickleReader {
    /// Objects one pickle may hold, unless told otherwise.
    package static let objectLimit = 10_000_000

    var scanner: PickleScanner
    var heap = PickleHeap()
    var stack: [PickleHeap.Reference] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleHeap.Reference] = [:]

    private let limit: Int

    private init(_ bytes: [UInt8], limit: Int) {
        scanner = PickleScanner(bytes)
        self.limit = limit
    }

    /// What the pickle holds, as JSON.
    ///
    /// What JSON has not comes in the form in which Celery's own JSON has it: see `PickledClasses`.
    ///
    /// - Parameter isException: whether an object of an unknown class is an exception, to be
    ///   written in the three parts of a result document.
    package static func json(
        _ bytes: [UInt8], isException: Bool = false, limit: Int = objectLimit
    ) throws(PickleError) -> JSON {
        var reader = PickleReader(bytes, limit: limit)
        let root = try reader.run()
        var unfolding = PickleUnfolding(heap: reader.heap, size: bytes.count)
        return isException ? try unfolding.exception(root) : try unfolding.json(root)
    }

    /// - Returns: What lies on the stack at the end.
    private mutating func run() throws(PickleError) -> PickleHeap.Reference {
        while true {
            let code = try scanner.nextInstruction()
            if code == PickleCode.stop { break }
            if try !readScalar(code), try !readContainer(code), try !readObject(code), try !readMemory(code) {
                throw scanner.error(.unknownInstruction(code))
            }
            guard heap.count <= limit, memo.count <= limit else {
                throw scanner.error(.tooManyObjects(limit))
            }
        }
        let root = try pop()
        guard scanner.isAtEnd else { throw PickleError(offset: scanner.at, reason: .trailingData) }
        return root
    }

    // MARK: The stack

    mutating func push(_ object: PickleHeap.Object) { stack.append(heap.add(object)) }

    mutating func pop() throws(PickleError) -> PickleHeap.Reference {
        // What lies below a mark is not yet to be taken.
        guard stack.count > marks.last ?? 0, let reference = stack.popLast() else { throw scanner.error(.badStack) }
        return reference
    }

    /// Everything above the last mark.
    mutating func popMarked() throws(PickleError) -> [PickleHeap.Reference] {
        guard let mark = marks.popLast() else { throw scanner.error(.badStack) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    func top() throws(PickleError) -> PickleHeap.Reference {
        guard stack.count > marks.last ?? 0, let reference = stack.last else { throw scanner.error(.badStack) }
        return reference
    }

    // MARK: Marks, memory and framing

    private mutating func readMemory(_ code: UInt8) throws(PickleError) -> Bool {
        switch code {
        case PickleCode.mark: marks.append(stack.count)
        case PickleCode.pop:
            // Python takes a mark away if nothing lies above it.
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case PickleCode.popMark: _ = try popMarked()
        case PickleCode.dup: stack.append(try top())
        case PickleCode.put: try remember(as: try scanner.numberLine())
        case PickleCode.binPut: try remember(as: try scanner.count(ofBytes: 1))
        case PickleCode.longBinPut: try remember(as: try scanner.count(ofBytes: 4))
        case PickleCode.memoize: try remember(as: memo.count)
        case PickleCode.get: try recall(try scanner.numberLine())
        case PickleCode.binGet: try recall(try scanner.count(ofBytes: 1))
        case PickleCode.longBinGet: try recall(try scanner.count(ofBytes: 4))
        case PickleCode.proto:
            let number = try scanner.byte()
            guard number <= 5 else { throw scanner.error(.unknownProtocol(number)) }
        case PickleCode.frame: _ = try scanner.bytes(8)
        case PickleCode.persID, PickleCode.binPersID, PickleCode.ext1, PickleCode.ext2, PickleCode.ext4,
            PickleCode.nextBuffer, PickleCode.readOnlyBuffer:
            throw scanner.error(.outsideReference)
        default: return false
        }
        return true
    }

    private mutating func remember(as number: Int) throws(PickleError) {
        let reference = try top()
        memo[number] = reference
    }

    private mutating func recall(_ number: Int) throws(PickleError) {
        guard let reference = memo[number] else { throw scanner.error(.badMemo) }
        stack.append(reference)
    }
}
