import CeleryCore
import Fixtures
import Pickle
import Testing
import Wire

/// Whatever a row holds, reading it must end, must not crash, and must run nothing.
@Suite struct PickleDamageTests {
    private func error(_ text: String) -> PickleError.Reason? { error(Array(text.utf8)) }

    private func error(_ bytes: [UInt8]) -> PickleError.Reason? {
        do {
            _ = try PickleReader.json(bytes)
            return nil
        } catch {
            #expect(!error.description.isEmpty)
            return error.reason
        }
    }

    @Test func `says what is wrong with a pickle`() {
        #expect(error("") == .unexpectedEnd)
        #expect(error("N") == .unexpectedEnd)
        #expect(error([0x80, 6, 0x4E, 0x2E]) == .unknownProtocol(6))
        #expect(error([0xFF, 0x2E]) == .unknownInstruction(0xFF))
        #expect(error(".") == .badStack)
        #expect(error("(.") == .badStack)
        #expect(error("N(.") == .badStack)
        #expect(error("NN0.N") == .trailingData)
        #expect(error("h\u{5}.") == .badMemo)
        #expect(error("g7\n.") == .badMemo)
        #expect(error("p0\n.") == .badStack)
        #expect(error("Ix\n.") == .badLiteral)
        #expect(error("I1 2\n.") == .badLiteral)
        #expect(error("F1,5\n.") == .badLiteral)
        #expect(error("S'x\n.") == .badLiteral)
        #expect(error("V\\u12\n.") == .badLiteral)
        #expect(error("L" + String(repeating: "9", count: 5_000) + "L\n.") == .integerTooLong)
        #expect(error([0x8A, 5, 1, 2]) == .unexpectedEnd)
        #expect(error([0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]) == .unexpectedEnd)
        #expect(error([0x8B, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]) == .unexpectedEnd)
        #expect(error("P1\n.") == .outsideReference)
        #expect(error([0x82, 1, 0x2E]) == .outsideReference)
        #expect(error([0x97, 0x2E]) == .outsideReference)
        #expect(error("NNa.") == .badStack)
        #expect(error("}(Nu.") == .badStack)
        #expect(error("(Nd.") == .badStack)
        #expect(error("NNb.") == .badStack)
        #expect(error("(o.") == .badStack)
        #expect(error("NN\u{0}") == .unknownInstruction(0))
    }

    @Test func `calls nothing, whatever a pickle asks for`() throws {
        let pickle = Array("cposix\nsystem\n(S'touch /tmp/owned'\ntR.".utf8)
        #expect(try PickleReader.json(pickle) == ["__type__": "posix.system", "__value__": ["args": ["touch /tmp/owned"]]])
        // A function of a function, and a call of what is no function.
        #expect(try PickleReader.json(Array("cos\nx\n)R)R.".utf8)) == ["__type__": "object", "__value__": ["args": []]])
        #expect(try PickleReader.json(Array("I5\n)R.".utf8)) == ["__type__": "object", "__value__": ["args": []]])
    }

    @Test func `a list in a list, however deep, is read or refused`() throws {
        for depth in [10, 499, 500, 501, 200_000] {
            let pickle = [UInt8](repeating: UInt8(ascii: "]"), count: depth) + [UInt8](repeating: UInt8(ascii: "a"), count: depth - 1)
            #expect(error(pickle + Array(".".utf8)) == (depth <= 500 ? nil : .nestedTooDeeply))
        }
        let calls = Array("cos\nx\n".utf8) + (0..<100_000).flatMap { _ in Array(")R".utf8) } + Array(".".utf8)
        #expect(try PickleReader.json(calls) == ["__type__": "object", "__value__": ["args": []]])
    }

    @Test func `a list that contains itself is refused`() {
        #expect(error("(lp0\ng0\na.") == .nestedTooDeeply)
        #expect(error("}q\u{0}U\u{1}ah\u{0}s.") == .nestedTooDeeply)
    }

    @Test func `what would be endless when written out is refused`() {
        // Each list holds the one before ten times.
        var pickle = Array("(lp0\n".utf8)
        for number in 1...40 { pickle += Array("(\(String(repeating: "g\(number - 1)\n", count: 10))lp\(number)\n".utf8) }
        #expect(error(pickle + Array(".".utf8)) == .tooLarge)
        // One long text ten thousand times.
        pickle = Array("(V\(String(repeating: "x", count: 1 << 20))\np0\n".utf8)
        for _ in 0..<10_000 { pickle += Array("h\u{0}".utf8) }
        #expect(error(pickle + Array("l.".utf8)) == .tooLarge)
    }

    @Test func `holds no more objects than its limit`() throws {
        let lists = Array("(".utf8) + [UInt8](repeating: UInt8(ascii: "]"), count: 900) + Array("l.".utf8)
        #expect(try PickleReader.json(lists, limit: 1_000).arrayValue?.count == 900)
        #expect(throws: PickleError(offset: 798, reason: .tooManyObjects(800))) { try PickleReader.json(lists, limit: 800) }
        let remembered = Array("N".utf8) + [UInt8](repeating: 0x94, count: 900) + Array(".".utf8)
        #expect(try PickleReader.json(remembered, limit: 1_000) == nil)
        #expect(throws: PickleError(offset: 801, reason: .tooManyObjects(800))) { try PickleReader.json(remembered, limit: 800) }
    }

    @Test func `survives damage, and what it reads can be written again`() throws {
        var random = SeededGenerator(seed: 71)
        let script = """
            import pickle
            from datetime import *; from decimal import Decimal; from uuid import UUID; from zoneinfo import ZoneInfo
            from collections import *
            x = [1, 'two', 3.0]
            value = [x, x, {'k': (1, 2)}, {3}, b'b', -10**30, 'ü', None, True, datetime(2026, 1, 2, 3, tzinfo=timezone.utc),
                datetime(2026, 7, 1, tzinfo=ZoneInfo('Europe/Berlin')), Decimal('1.5'), UUID(int=5), OrderedDict(a=1), deque([1]),
                ValueError('kaput', 7), bytearray(b'y'), timedelta(1), Counter('ab'), defaultdict(list, a=[1])]
            for protocol in range(6):
                print(pickle.dumps(value, protocol).hex())
            """
        var good = 0
        var bad = 0
        for line in try Python.lines(script) {
            let pickle = Hexadecimal.bytes(line)
            for _ in 0..<fuzzRounds(2_000) {
                var damaged = pickle
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<damaged.count, using: &random)
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                    case 2: damaged.remove(at: place)
                    default: damaged.insert(pickle.randomElement(using: &random)!, at: place)
                    }
                }
                guard let value = try? PickleReader.json(damaged, isException: Bool.random(using: &random)) else {
                    bad += 1
                    continue
                }
                good += 1
                #expect((try? PickleReader.json(PickleWriter.bytes(of: value))) != nil)
            }
        }
        #expect(good > 1_000 && bad > 1_000, "\(good) good, \(bad) bad")
    }

    @Test func `survives random instructions`() {
        var random = SeededGenerator(seed: 72)
        let codes: [UInt8] = Array("(.012pqrghjNILJKMFGSTUVXBC]lae)t}dsucRbio".utf8) + Array(0x80...0x98) + [0, 1, 2, 10]
        var good = 0
        for _ in 0..<fuzzRounds(20_000) {
            let bytes = (0..<Int.random(in: 1...24, using: &random)).map { _ in codes.randomElement(using: &random)! } + Array(".".utf8)
            if (try? PickleReader.json(bytes)) != nil { good += 1 }
        }
        #expect(good > 100, "\(good)")
    }
}
