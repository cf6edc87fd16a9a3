import CeleryCore
import Fixtures
import Pickle
import Testing
import Wire

@Suite struct PicklingTests {
    private let values: [JSON] = [
        nil, true, false, 0, 1, 255, 256, 65_535, 65_536, -1, -128, -129, .int(Int64(Int32.max)), .int(Int64(Int32.max) + 1),
        .int(Int64(Int32.min)), .int(Int64(Int32.min) - 1), .int(.max), .int(.min),
        .bigInteger("9223372036854775808"), .bigInteger("-9223372036854775809"), .bigInteger("18446744073709551616"),
        .bigInteger("-340282366920938463463374607431768211456"), .bigInteger("1" + String(repeating: "0", count: 600)),
        .bigInteger("-" + String(repeating: "987654321", count: 477)),
        1.5, -0.0, 1e300, .double(.leastNonzeroMagnitude), .double(.infinity), .double(-.infinity), "", "ü", "e\u{301} 𝔘\u{0}\n\\'\"", .string(String(repeating: "x", count: 300)),
        [], [1, [2, [3, []]]], [:], ["": nil, "a": ["b": [1.5, "c", nil]], "ä": true], ["__type__": "x"],
        .array((0..<2_000).map { .int($0) }), .object(JSONObject((0..<400).map { ("key \($0)", .int($0)) })),
    ]

    @Test func `reads what it wrote`() throws {
        for value in values { #expect(try PickleReader.json(PickleWriter.bytes(of: value)) == value) }
        // What Python itself would not print is a text.
        let long = "-" + String(repeating: "1", count: 4_301)
        #expect(try PickleReader.json(PickleWriter.bytes(of: .bigInteger(long))) == .string(long))
        #expect(try PickleReader.json(PickleWriter.bytes(of: .bigInteger(String(long.prefix(4_301))))) == .bigInteger(String(long.prefix(4_301))))
        guard case .double(let number, _) = try PickleReader.json(PickleWriter.bytes(of: .double(.nan))) else {
            Issue.record("not a number any more")
            return
        }
        #expect(number.isNaN)
    }

    @Test func `pickles results and groups as objects of Celery's classes`() throws {
        let task: JSON = [["a", nil], nil]
        let forms: [JSON] = [
            task, [["b", task], nil], [["g", nil], []], [["g", nil], [task, [["b", task], nil], task]],
            [["outer", [["before", nil], [task]]], [[["inner", nil], [task]], task]],
        ]
        for form in forms {
            let bytes = try #require(PickledResults.bytes(of: form))
            #expect(try PickleReader.json(bytes) == form)
        }
        // Each class is looked up once.
        let many = try #require(PickledResults.bytes(of: [["g", nil], .array(Array(repeating: task, count: 1_000))]))
        #expect(String(decoding: many, as: UTF8.self).split(separator: "AsyncResult").count == 2)
        #expect(try #require(PickledResults.bytes(of: ["a", nil])) == PickledResults.bytes(of: task))
    }

    @Test(arguments: [nil, 5, [], ["a"], [["a", nil]], [[5, nil], nil], [["a", 5], nil], [["a", nil], 5], [["g", nil], [5]], [["a", nil, nil], nil]] as [JSON])
    func `pickles nothing that is no result`(_ value: JSON) { #expect(PickledResults.bytes(of: value) == nil) }

    @Test func `writes what Python reads, and reads what Python writes in every protocol`() throws {
        let script = """
            import json, pickle, sys
            for line in sys.stdin:
                value = pickle.loads(bytes.fromhex(line))
                print(json.dumps(value))
                for protocol in range(6):
                    print(pickle.dumps(value, protocol).hex())
            """
        let input = values.map { Hexadecimal.text(PickleWriter.bytes(of: $0)) }.joined(separator: "\n")
        let lines = try Python.lines(script, input: Array(input.utf8))
        try #require(lines.count == values.count * 7)
        for (number, value) in values.enumerated() {
            let answers = lines[(number * 7)..<(number * 7 + 7)]
            #expect(try JSON(parsing: answers.first!) == value)
            for pickle in answers.dropFirst() { #expect(try PickleReader.json(Hexadecimal.bytes(pickle)) == value, "\(pickle.prefix(60))") }
        }
    }

    /// Expressions, and what becomes of their values.
    private static let special: [(String, JSON)] = [
        ("b'abc'", ["__type__": "bytes", "__value__": "abc"]),
        ("b''", ["__type__": "bytes", "__value__": ""]),
        ("b'\\xff\\x00'", ["__type__": "base64", "__value__": "/wA="]),
        ("b'\\xff\\x00\\x01'", ["__type__": "base64", "__value__": "/wAB"]),
        ("bytearray(b'\\xfe')", ["__type__": "base64", "__value__": "/g=="]),
        ("bytearray()", ["__type__": "bytes", "__value__": ""]),
        ("(1, (2,), ())", [1, [2], []]),
        ("(1, 2, 3, 4)", [1, 2, 3, 4]),
        ("[{5}, frozenset([6]), set()]", [[5], [6], []]),
        ("{1: 'a', None: 'b', True: 'c', 2.5: 'd', b'x': 'e', (1, 2): 'f'}", ["1": "c", "null": "b", "2.5": "d", "x": "e", "[1, 2]": "f"]),
        ("datetime(2026, 11, 22, 17, 50, 28, 17376)", ["__type__": "datetime", "__value__": "2026-11-22T17:50:28.017376"]),
        ("datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc)", ["__type__": "datetime", "__value__": "2026-01-02T03:04:00+00:00"]),
        ("datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30), 'NST'))", ["__type__": "datetime", "__value__": "0001-01-01T00:00:00-03:30"]),
        ("datetime(2026, 10, 25, 2, 30, fold=1)", ["__type__": "datetime", "__value__": "2026-10-25T02:30:00"]),
        ("datetime(2026, 7, 1, tzinfo=ZoneInfo('Europe/Berlin'))", ["__type__": "datetime", "__value__": "2026-07-01T00:00:00[Europe/Berlin]"]),
        ("date(2024, 2, 29)", ["__type__": "date", "__value__": "2024-02-29"]),
        ("time(23, 59, 59, 1)", ["__type__": "time", "__value__": "23:59:59.000001"]),
        ("timedelta(days=1, seconds=1, microseconds=500000)", 86_401.5),
        ("Decimal('-1.50')", ["__type__": "decimal", "__value__": "-1.50"]),
        ("UUID('00000000-0000-0000-0000-000000000005')", ["__type__": "uuid", "__value__": ["hex": "00000000000000000000000000000005"]]),
        ("UUID('f9429013-d80b-47f9-ad9b-c83fe4142f53')", ["__type__": "uuid", "__value__": ["hex": "f9429013d80b47f9ad9bc83fe4142f53"]]),
        ("OrderedDict([('b', 1), ('a', 2)])", ["b": 1, "a": 2]),
        ("defaultdict(list, {'a': [1]})", ["a": [1]]),
        ("Counter('aab')", ["a": 2, "b": 1]),
        ("deque([1, 2], 5)", [1, 2]),
        ("[x, x]", [["one"], ["one"]]),
        ("[ValueError('kaput', 7)]", [["__type__": "builtins.ValueError", "__value__": ["args": ["kaput", 7]]]]),
        ("dict", "builtins.dict"),
        ("'\\ud800'", "\u{FFFD}\u{FFFD}\u{FFFD}"),
    ]

    @Test func `reads the classes that results are made of`() throws {
        let expressions = Self.special.map(\.0).joined(separator: ",\n")
        let script = """
            import pickle
            from datetime import *; from decimal import Decimal; from uuid import UUID; from zoneinfo import ZoneInfo
            from collections import *
            x = ['one']
            for value in [\(expressions)]:
                for protocol in range(6):
                    print(pickle.dumps(value, protocol).hex())
            """
        let lines = try Python.lines(script)
        try #require(lines.count == Self.special.count * 6)
        for (number, (expression, expected)) in Self.special.enumerated() {
            for (number, pickle) in lines[(number * 6)..<(number * 6 + 6)].enumerated() {
                // Protocol 0 writes half a surrogate pair as such, and that is one character repaired.
                let expected = number == 0 && expression.contains("ud800") ? "\u{FFFD}" : expected
                #expect(try PickleReader.json(Hexadecimal.bytes(pickle)) == expected, "\(expression) in protocol \(number)")
            }
        }
    }

    /// Forms, and the Python objects they become.
    private static let forms: [(String, String)] = [
        (#"{"__type__": "datetime", "__value__": "2026-11-22T17:50:28.017376"}"#, "datetime(2026, 11, 22, 17, 50, 28, 17376)"),
        (#"{"__type__": "datetime", "__value__": "2026-02-03T04:05:06+00:00"}"#, "datetime(2026, 2, 3, 4, 5, 6, tzinfo=timezone.utc)"),
        (#"{"__type__": "datetime", "__value__": "0001-01-01T00:00:00-03:30"}"#, "datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))"),
        (#"{"__type__": "datetime", "__value__": "9999-12-31T23:59:59.999999+23:59:59"}"#, "datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(seconds=86399)))"),
        (#"{"__type__": "datetime", "__value__": "2026-07-01"}"#, "datetime(2026, 7, 1)"),
        (#"{"__type__": "date", "__value__": "2024-02-29"}"#, "date(2024, 2, 29)"),
        (#"{"__type__": "time", "__value__": "23:59:59.000001"}"#, "time(23, 59, 59, 1)"),
        (#"{"__type__": "time", "__value__": "01:02:03+02:00"}"#, "time(1, 2, 3, tzinfo=timezone(timedelta(hours=2)))"),
        (#"{"__type__": "decimal", "__value__": "-1.50"}"#, "Decimal('-1.50')"),
        (#"{"__type__": "decimal", "__value__": "1E+30"}"#, "Decimal('1E+30')"),
        (#"{"__type__": "decimal", "__value__": "-Infinity"}"#, "Decimal('-Infinity')"),
        (#"{"__type__": "uuid", "__value__": {"hex": "00000000000000000000000000000005"}}"#, "UUID(int=5)"),
        (#"{"__type__": "uuid", "__value__": {"hex": "f9429013d80b47f9ad9bc83fe4142f53"}}"#, "UUID('f9429013-d80b-47f9-ad9b-c83fe4142f53')"),
        (#"{"__type__": "bytes", "__value__": "raw \u00fc"}"#, "'raw ü'.encode()"),
        (#"{"__type__": "bytes", "__value__": ""}"#, "b''"),
        (#"{"__type__": "base64", "__value__": "/wAB"}"#, "b'\\xff\\x00\\x01'"),
        (#"[1, {"a": {"__type__": "date", "__value__": "2024-02-29"}}]"#, "[1, {'a': date(2024, 2, 29)}]"),
        // What is no such form stays what it is.
        (#"{"__type__": "decimal", "__value__": "one"}"#, "{'__type__': 'decimal', '__value__': 'one'}"),
        (#"{"__type__": "decimal", "__value__": "1.2.3"}"#, "{'__type__': 'decimal', '__value__': '1.2.3'}"),
        (#"{"__type__": "decimal", "__value__": "."}"#, "{'__type__': 'decimal', '__value__': '.'}"),
        (#"{"__type__": "date", "__value__": "2023-02-29"}"#, "{'__type__': 'date', '__value__': '2023-02-29'}"),
        (#"{"__type__": "datetime", "__value__": "2026-07-01T00:00:00[Europe/Berlin]"}"#, "{'__type__': 'datetime', '__value__': '2026-07-01T00:00:00[Europe/Berlin]'}"),
        (#"{"__type__": "uuid", "__value__": {"hex": "5"}}"#, "{'__type__': 'uuid', '__value__': {'hex': '5'}}"),
        (#"{"__type__": "os.system", "__value__": "true"}"#, "{'__type__': 'os.system', '__value__': 'true'}"),
        (#"{"__type__": "date", "__value__": "2024-02-29", "more": 1}"#, "{'__type__': 'date', '__value__': '2024-02-29', 'more': 1}"),
    ]

    @Test func `writes the forms of Celery's JSON as the objects they stand for`() throws {
        let pickles = try Self.forms.map { PickleWriter.bytes(of: try JSON(parsing: Array($0.0.utf8))) }
        let script = """
            import pickle, pickletools, sys
            from datetime import *; from decimal import Decimal; from uuid import UUID
            wanted = [\(Self.forms.map(\.1).joined(separator: ",\n"))]
            for line, value in zip(sys.stdin, wanted):
                pickled = bytes.fromhex(line)
                found = pickle.loads(pickled)
                own = pickletools.optimize(pickle.dumps(value, 2))
                print("as Python" if repr(found) == repr(value) and type(found) is type(value)
                    and (isinstance(value, (dict, list)) or pickled == own) else repr(found))
            """
        let lines = try Python.lines(script, input: Array(pickles.map(Hexadecimal.text).joined(separator: "\n").utf8))
        try #require(lines.count == Self.forms.count)
        for ((form, _), line) in zip(Self.forms, lines) { #expect(line == "as Python", "\(form)") }
    }

    @Test func `has the forms of Celery's own JSON`() throws {
        let recorded = try #require(JSON(parsing: Golden.message("task-v2-json-special-types.json").body).arrayValue?.first)
        let lines = try Python.lines("""
            import pickle
            from datetime import *; from decimal import Decimal; from uuid import UUID
            values = [datetime(2020, 1, 2, 3, 4, 5), date(2020, 1, 2), time(3, 4, 5), Decimal('1.50'),
                UUID('12345678-1234-5678-1234-567812345678'), b'raw', b'\\xff\\x00']
            print(pickle.dumps(values).hex())
            """)
        #expect(try PickleReader.json(Hexadecimal.bytes(lines[0])) == recorded)
    }

    @Test func `shows an exception in its three parts, and an unknown object for what it is`() throws {
        let script = """
            import pickle, sys, types
            module = types.ModuleType('shop'); sys.modules['shop'] = module
            exec('''
            class Refused(Exception): pass
            class Order:
                def __init__(self): self.number = 7
            class Lines(list): pass
            class UnpickleableExceptionWrapper(Exception): pass
            ''', module.__dict__)
            from shop import *
            import shop
            for value in [shop.Refused('no', 1), shop.Order(), shop.Lines([1, 2]), ValueError('kaput', 7),
                    shop.UnpickleableExceptionWrapper('shop', 'Odd', ['a'], 'text')]:
                for protocol in range(6):
                    print(pickle.dumps(value, protocol).hex())
            """.replacing("\n            class", with: "\nclass").replacing("\n                def", with: "\n    def").replacing("\n            '''", with: "\n'''")
        let lines = try Python.lines(script)
        try #require(lines.count == 30)
        for pickle in lines[0..<6].map(Hexadecimal.bytes) {
            #expect(try PickleReader.json(pickle, isException: true) == ["exc_type": "Refused", "exc_message": ["no", 1], "exc_module": "shop"])
            #expect(try PickleReader.json(pickle) == ["__type__": "shop.Refused", "__value__": ["args": ["no", 1]]])
        }
        for pickle in lines[6..<12].map(Hexadecimal.bytes) {
            #expect(try PickleReader.json(pickle) == ["__type__": "shop.Order", "__value__": ["args": [], "state": ["number": 7]]])
        }
        for pickle in lines[14..<18].map(Hexadecimal.bytes) {
            #expect(try PickleReader.json(pickle) == ["__type__": "shop.Lines", "__value__": ["args": [], "items": [1, 2]]])
        }
        for pickle in lines[18..<24].map(Hexadecimal.bytes) {
            #expect(try PickleReader.json(pickle, isException: true) == ["exc_type": "ValueError", "exc_message": ["kaput", 7], "exc_module": "builtins"])
        }
        for pickle in lines[24...].map(Hexadecimal.bytes) {
            #expect(try PickleReader.json(pickle, isException: true) == ["exc_type": "Odd", "exc_message": ["a"], "exc_module": "shop"])
        }
    }

    @Test(arguments: ["db-sqlite-celery5.4-pickle-extended.json", "db-sqlite-celery5.6-pickle.json"])
    func `reads the rows of Python`(name: String) throws {
        let rows = try #require(try Golden.load(name)["celery_taskmeta"]?.arrayValue)
        var states: [String: [JSON]] = [:]
        for row in rows {
            let state = try #require(row["status"]?.stringValue)
            let value = try row["result"]?["blob_hex"]?.stringValue.map { try PickleReader.json(Hexadecimal.bytes($0)) } ?? nil
            states[state, default: []].append(value)
        }
        #expect(states["SUCCESS"]?.contains([["a", [1, 2.5, nil, true]], ["k": "ü"]]) == true)
        #expect(states["SUCCESS"]?.contains(.null) == true)
        #expect(states["FAILURE"] == [["exc_type": "ValueError", "exc_message": ["kaput", 7], "exc_module": "builtins"]])
        #expect(states["REVOKED"] == [["exc_type": "TaskRevokedError", "exc_message": ["revoked"], "exc_module": "celery.exceptions"]])
    }
}
