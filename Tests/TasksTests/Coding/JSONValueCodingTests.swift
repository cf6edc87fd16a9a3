import CeleryCore
import FoundationEssentials
import Testing

@testable import Tasks

private struct Everything: Codable, Equatable {
    var flag = true
    var text = "a\"b"
    var i8 = Int8.min
    var i16 = Int16.min
    var i32 = Int32.min
    var i64 = Int64.min
    var i128 = Int128.min
    var u8 = UInt8.max
    var u16 = UInt16.max
    var u32 = UInt32.max
    var u64 = UInt64.max
    var u128 = UInt128.max
    var word = UInt(7)
    var float = Float(0.1)
    var double = 0.1
    var none: Int?
    var list: [Int?] = [1, nil]
    var lists = [[1], []]
    var table = ["a": 1, "b": 2]
    var any: JSON = ["x": [1, nil, 2.5]]
}

private class Animal: Codable {
    var legs = 4
}

private final class Dog: Animal {
    var name = "Rex"
    enum CodingKeys: CodingKey { case name }

    override init() { super.init() }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try super.encode(to: container.superEncoder())
    }
}

@Suite struct JSONValueCodingTests {
    private func message<T: Decodable>(_ type: T.Type, _ value: JSON) -> String {
        do {
            return "decoded \(try JSONValueDecoder.decode(type, from: value))"
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context),
            DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context)
        {
            return context.debugDescription
        } catch {
            return "other: \(error)"
        }
    }

    @Test func `values of every sort come back as they were`() throws {
        let value = Everything()
        let json = try JSONValueEncoder.encode(value)
        #expect(try JSONValueDecoder.decode(Everything.self, from: json) == value)
    }

    @Test func `values have the form that a shell program reads`() throws {
        let json = try JSONValueEncoder.encode(Everything())
        #expect(json["flag"] == true)
        #expect(json["i64"] == .int(.min))
        #expect(json["u64"] == .bigInteger("18446744073709551615"))
        #expect(json["none"] == nil)
        #expect(json["list"] == [1, nil])
        #expect(json["lists"] == [[1], []])
        #expect(json["any"] == ["x": [1, nil, 2.5]])
        #expect(json.objectValue?.keys.first == "flag")
    }

    @Test func `scalars, optionals and collections stand alone`() throws {
        #expect(try JSONValueEncoder.encode(5) == 5)
        #expect(try JSONValueEncoder.encode("x") == "x")
        #expect(try JSONValueEncoder.encode(2.5) == 2.5)
        #expect(try JSONValueEncoder.encode(true) == true)
        #expect(try JSONValueEncoder.encode(Int?.none) == nil)
        #expect(try JSONValueEncoder.encode(Int?.some(1)) == 1)
        #expect(try JSONValueEncoder.encode([Int]()) == [])
        #expect(try JSONValueEncoder.encode([String: Int]()) == [:])
        #expect(try JSONValueEncoder.encode(NoOutput()) == nil)
        #expect(try JSONValueDecoder.decode(Int?.self, from: nil) == nil)
        #expect(try JSONValueDecoder.decode([Bool].self, from: [true, false]) == [true, false])
    }

    @Test func `a class and its superclass come back`() throws {
        let dog = Dog()
        dog.legs = 3
        let json = try JSONValueEncoder.encode(dog)
        #expect(json == ["name": "Rex", "super": ["legs": 3]])
        #expect(try JSONValueDecoder.decode(Dog.self, from: json).legs == 3)
    }

    @Test func `integers that do not fit are refused with their bounds`() {
        #expect(message(UInt8.self, 300) == "must be from 0 to 255, not 300")
        #expect(message(UInt.self, -1) == "must be from 0 to 18446744073709551615, not -1")
        #expect(message(Int8.self, .bigInteger("123456789012345678901234567890")) == "must be from -128 to 127, not 123456789012345678901234567890")
        #expect(message(Int.self, 2.0) == "decoded 2")
        #expect(message(Int.self, 2.5) == "must be an integer, not 2.5")
        #expect(message(Int.self, .double(.nan)) == "must be an integer, not nan")
        #expect(message(Int.self, .double(1e300)) == "must be an integer, not 1e+300")
    }

    @Test func `numbers of Python's dialect are numbers`() throws {
        #expect(try JSONValueDecoder.decode(Double.self, from: .double(.infinity)) == .infinity)
        #expect(try JSONValueDecoder.decode(Double.self, from: 3) == 3)
        #expect(try JSONValueDecoder.decode(Double.self, from: .bigInteger("1" + String(repeating: "0", count: 30))) == 1e30)
        #expect(try JSONValueDecoder.decode(Float.self, from: 0.5) == 0.5)
    }

    @Test func `a list that is too short says so`() {
        struct Pair: Decodable {
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                _ = try container.decode(Int.self)
                _ = try container.decode(Int.self)
            }
        }
        #expect(message(Pair.self, [1]) == "is missing: the list has 1 elements")
    }

    @Test func `a large table is read and written in reasonable time`() throws {
        let table = Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("key\($0)", $0) })
        let clock = ContinuousClock()
        let time = try clock.measure {
            let json = try JSONValueEncoder.encode(table)
            #expect(try JSONValueDecoder.decode([String: Int].self, from: json) == table)
        }
        // Searching from the start for each key would take minutes in a debug build.
        #expect(time < .seconds(20))
    }

    @Test func `JSON itself goes through other coders as well`() throws {
        let value: JSON = ["a": [1, 2.5, true, nil, "x"], "b": [:]]
        let text = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSON.self, from: text) == value)
    }

    @Test func `writing one key twice keeps the later value`() throws {
        struct Twice: Encodable {
            enum Key: CodingKey { case a }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try container.encode(1, forKey: .a)
                try container.encode(2, forKey: .a)
            }
        }
        #expect(try JSONValueEncoder.encode(Twice()) == ["a": 2])
    }
}
