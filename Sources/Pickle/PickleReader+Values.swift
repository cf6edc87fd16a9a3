extension PickleReader {
    /// Instructions that push a number, a text or bytes. False for others.
    mutating func readScalar(_ code: UInt8) throws(PickleError) -> Bool {
        switch code {
        case PickleCode.none: stack.append(PickleHeap.none)
        case PickleCode.newTrue: stack.append(PickleHeap.yes)
        case PickleCode.newFalse: stack.append(PickleHeap.no)
        case PickleCode.int: try pushIntLine(try scanner.asciiLine())
        case PickleCode.long:
            let line = try scanner.asciiLine()
            try pushInteger(digits: line.hasSuffix("L") ? String(line.dropLast()) : line)
        case PickleCode.binInt: push(.int(Int64(try scanner.int32())))
        case PickleCode.binInt1: push(.int(Int64(try scanner.count(ofBytes: 1))))
        case PickleCode.binInt2: push(.int(Int64(try scanner.count(ofBytes: 2))))
        case PickleCode.long1: try pushLong(try scanner.bytes(try scanner.count(ofBytes: 1)))
        case PickleCode.long4: try pushLong(try scanner.bytes(Int(try scanner.int32())))
        case PickleCode.float:
            guard let number = Double(try scanner.asciiLine()) else { throw scanner.error(.badLiteral) }
            push(.double(number))
        case PickleCode.binFloat: push(.double(try scanner.double()))
        case PickleCode.string:
            guard let bytes = PickleText.quoted(try scanner.line()) else { throw scanner.error(.badLiteral) }
            push(.text(PickleText.text(bytes)))
        case PickleCode.binString: push(.text(PickleText.text(try scanner.bytes(Int(try scanner.int32())))))
        case PickleCode.shortBinString: push(.text(PickleText.text(try scanner.bytes(try scanner.count(ofBytes: 1)))))
        case PickleCode.unicode:
            guard let text = PickleText.rawUnicode(try scanner.line()) else { throw scanner.error(.badLiteral) }
            push(.text(text))
        case PickleCode.shortBinUnicode: try pushText(countBytes: 1)
        case PickleCode.binUnicode: try pushText(countBytes: 4)
        case PickleCode.binUnicode8: try pushText(countBytes: 8)
        case PickleCode.shortBinBytes: try pushBytes(countBytes: 1)
        case PickleCode.binBytes: try pushBytes(countBytes: 4)
        case PickleCode.binBytes8, PickleCode.byteArray8: try pushBytes(countBytes: 8)
        default: return false
        }
        return true
    }

    /// `I01` and `I00` are the truth values of protocol 0.
    private mutating func pushIntLine(_ line: String) throws(PickleError) {
        switch line {
        case "01": stack.append(PickleHeap.yes)
        case "00": stack.append(PickleHeap.no)
        default: try pushInteger(digits: line)
        }
    }

    private mutating func pushInteger(digits: String) throws(PickleError) {
        if let number = Int64(digits) { return push(.int(number)) }
        guard let bytes = BigInteger.bytes(ofDigits: digits) else {
            throw scanner.error(digits.utf8.count > BigInteger.digitLimit ? .integerTooLong : .badLiteral)
        }
        // There and back drops zeros in front.
        try pushLong(bytes[...])
    }

    private mutating func pushLong(_ bytes: ArraySlice<UInt8>) throws(PickleError) {
        if bytes.count <= 8 {
            let magnitude = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let unused = UInt64(8 - bytes.count) * 8
            // The highest bit of the highest byte is the sign.
            return push(.int(bytes.isEmpty ? 0 : Int64(bitPattern: magnitude << unused) >> Int64(unused)))
        }
        guard let digits = BigInteger.digits(of: Array(bytes)) else { throw scanner.error(.integerTooLong) }
        push(Int64(digits).map { .int($0) } ?? .bigInteger(digits))
    }

    private mutating func pushText(countBytes: Int) throws(PickleError) {
        // Half of a surrogate pair, which a Python text may hold, is repaired.
        push(.text(String(decoding: try scanner.bytes(try scanner.count(ofBytes: countBytes)), as: UTF8.self)))
    }

    private mutating func pushBytes(countBytes: Int) throws(PickleError) {
        push(.bytes(Array(try scanner.bytes(try scanner.count(ofBytes: countBytes)))))
    }

    /// Instructions that make lists, tuples, sets and dicts, and fill them. False for others.
    mutating func readContainer(_ code: UInt8) throws(PickleError) -> Bool {
        switch code {
        case PickleCode.emptyList, PickleCode.emptyTuple, PickleCode.emptySet: push(.list([]))
        case PickleCode.emptyDict: push(.dict([]))
        case PickleCode.list, PickleCode.tuple, PickleCode.frozenSet: push(.list(try popMarked()))
        case PickleCode.tuple1: push(.list([try pop()]))
        case PickleCode.tuple2: push(.list(Array(try popped(2))))
        case PickleCode.tuple3: push(.list(Array(try popped(3))))
        case PickleCode.dict:
            let pairs = try popMarked()
            push(.dict([]))
            try set(pairs)
        case PickleCode.append: try append([try pop()])
        case PickleCode.appends, PickleCode.addItems: try append(try popMarked())
        case PickleCode.setItem: try set(try popped(2))
        case PickleCode.setItems: try set(try popMarked())
        default: return false
        }
        return true
    }

    // Each step by itself: what is still being read cannot be changed in place, and a
    // copy for each of a million items takes minutes.

    private mutating func append(_ items: [PickleHeap.Reference]) throws(PickleError) {
        let target = try top()
        let isGood = heap.append(items, to: target)
        if !isGood { throw scanner.error(.badStack) }
    }

    private mutating func set(_ pairs: [PickleHeap.Reference]) throws(PickleError) {
        let target = try top()
        let isGood = heap.set(pairs, of: target)
        if !isGood { throw scanner.error(.badStack) }
    }

    /// The last few of the stack, the deepest first.
    private mutating func popped(_ count: Int) throws(PickleError) -> [PickleHeap.Reference] {
        var references: [PickleHeap.Reference] = []
        for _ in 0..<count { references.append(try pop()) }
        return references.reversed()
    }

    /// Instructions that name classes, and make objects of them. False for others.
    mutating func readObject(_ code: UInt8) throws(PickleError) -> Bool {
        switch code {
        case PickleCode.global: push(try globalLines())
        case PickleCode.stackGlobal:
            guard case .text(let name) = heap[try pop()], case .text(let module) = heap[try pop()] else {
                throw scanner.error(.badStack)
            }
            push(.global(PickledClasses.name(module, name)))
        case PickleCode.reduce, PickleCode.newObj:
            let parts = try popped(2)
            push(.instance(PickleHeap.Instance(callable: parts[0], arguments: parts[1])))
        case PickleCode.newObjEx:
            let parts = try popped(3)
            push(.instance(PickleHeap.Instance(callable: parts[0], arguments: parts[1], keywords: parts[2])))
        case PickleCode.build:
            let state = try pop()
            let target = try top()
            let isGood = heap.build(target, state: state)
            if !isGood { throw scanner.error(.badStack) }
        case PickleCode.inst:
            let callable = heap.add(try globalLines())
            let arguments = heap.add(.list(try popMarked()))
            push(.instance(PickleHeap.Instance(callable: callable, arguments: arguments)))
        case PickleCode.obj:
            let parts = try popMarked()
            guard let callable = parts.first else { throw scanner.error(.badStack) }
            let arguments = heap.add(.list(Array(parts.dropFirst())))
            push(.instance(PickleHeap.Instance(callable: callable, arguments: arguments)))
        default: return false
        }
        return true
    }

    /// The module on one line, the name on the next.
    private mutating func globalLines() throws(PickleError) -> PickleHeap.Object {
        let module = PickleText.text(try scanner.line())
        return .global(PickledClasses.name(module, PickleText.text(try scanner.line())))
    }
}
