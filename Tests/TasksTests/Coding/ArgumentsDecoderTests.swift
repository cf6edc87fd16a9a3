import CeleryCore
import Testing

@testable import Tasks

private struct Pair: Codable, Equatable {
    var x: Int
    var y: Int
}

private struct Optionals: Codable, Equatable {
    var a: Int?
    var b: String
    var c: [String]?
}

private struct Nested: Codable, Equatable {
    struct Point: Codable, Equatable {
        var x: Int
        var y: Double
    }
    var point: Point
    var points: [Point]?
}

private struct Nothing: Codable, Equatable {}

private enum Shape: Codable, Equatable {
    case circle(radius: Double)
    case none
}

private enum Level: String, Codable { case low, high }

private struct Names: Codable, Equatable {
    var names: [String]
    init(_ names: [String]) { self.names = names }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        names = []
        while !container.isAtEnd { names.append(try container.decode(String.self)) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for name in names { try container.encode(name) }
    }
}

@Suite struct ArgumentsDecoderTests {
    private func message<T: Decodable>(_ type: T.Type, _ args: [JSON], _ kwargs: JSONObject = [:]) -> String {
        do {
            return "decoded \(try ArgumentsDecoder.decode(type, args: args, kwargs: kwargs))"
        } catch {
            return "\(error)"
        }
    }

    @Test func `positional arguments fill properties in declaration order`() throws {
        #expect(try ArgumentsDecoder.decode(Pair.self, args: [2, 3]) == Pair(x: 2, y: 3))
    }

    @Test func `keyword arguments fill them by name`() throws {
        #expect(try ArgumentsDecoder.decode(Pair.self, kwargs: ["y": 3, "x": 2]) == Pair(x: 2, y: 3))
        #expect(try ArgumentsDecoder.decode(Pair.self, args: [2], kwargs: ["y": 3]) == Pair(x: 2, y: 3))
    }

    @Test func `an optional property may be left out or null`() throws {
        #expect(try ArgumentsDecoder.decode(Optionals.self, kwargs: ["b": "x"]) == Optionals(a: nil, b: "x", c: nil))
        #expect(try ArgumentsDecoder.decode(Optionals.self, args: [nil, "x"]) == Optionals(a: nil, b: "x", c: nil))
        #expect(try ArgumentsDecoder.decode(Optionals.self, args: [1, "x", ["y"]]) == Optionals(a: 1, b: "x", c: ["y"]))
    }

    @Test func `what is wrong is said as Python says it`() {
        #expect(message(Pair.self, [1, 2, 3]) == "takes 2 arguments but 3 were given")
        #expect(message(Nothing.self, [1]) == "takes 0 arguments but 1 was given")
        #expect(message(Pair.self, [1]) == "missing required argument 'y'")
        #expect(message(Pair.self, []) == "missing required argument 'x'")
        #expect(message(Pair.self, [1, 2], ["z": 3]) == "got an unexpected keyword argument 'z'")
        #expect(message(Pair.self, [1, 2], ["x": 3]) == "got multiple values for argument 'x'")
        #expect(message(Optionals.self, [1, "b"], ["a": 2]) == "got multiple values for argument 'a'")
        #expect(message(Nothing.self, [], ["z": 3]) == "got an unexpected keyword argument 'z'")
    }

    @Test func `a value of the wrong type is named with what it must be`() {
        #expect(message(Pair.self, ["a", 2]) == "argument 'x' must be an integer, not a string")
        #expect(message(Pair.self, [1.5, 2]) == "argument 'x' must be an integer, not 1.5")
        #expect(message(Pair.self, [1, nil]) == "argument 'y' must be an integer, not null")
        #expect(message(Pair.self, [.bigInteger("99999999999999999999"), 2]).hasPrefix("argument 'x' must be from -9223372036854775808 to"))
        #expect(message(Optionals.self, [], ["b": true]) == "argument 'b' must be a string, not true")
        #expect(message(Optionals.self, [], ["b": "", "c": "x"]) == "argument 'c' must be a list, not a string")
        #expect(message(Nested.self, [[1, 2]]) == "argument 'point' must be an object, not a list")
        #expect(message(Nested.self, [["x": "1", "y": 2]]) == "argument 'point.x' must be an integer, not a string")
        #expect(message(Nested.self, [["x": 1]]) == "argument 'point' lacks 'y'")
        #expect(message(Nested.self, [["x": 1, "y": 2], [["x": 1, "y": 2], ["x": 1, "y": nil]]]) == "argument 'points[1].y' must be a number, not null")
    }

    @Test func `an empty type takes no arguments`() throws {
        #expect(try ArgumentsDecoder.decode(Nothing.self) == Nothing())
    }

    @Test func `a type of one value takes one positional argument`() throws {
        #expect(try ArgumentsDecoder.decode(Level.self, args: ["high"]) == .high)
        #expect(message(Level.self, []) == "takes 1 argument but 0 were given")
        #expect(message(Level.self, ["high", "low"]) == "takes 1 argument but 2 were given")
        #expect(message(Level.self, ["middle"]).contains("Cannot initialize Level"))
        #expect(message(Level.self, ["high"], ["x": 1]) == "got an unexpected keyword argument 'x'")
    }

    @Test func `a type of a list takes any number of positional arguments`() throws {
        #expect(try ArgumentsDecoder.decode(Names.self, args: ["a", "b"]) == Names(["a", "b"]))
        #expect(try ArgumentsDecoder.decode(Names.self) == Names([]))
        #expect(message(Names.self, ["a", 1]) == "argument '[1]' must be a string, not an integer")
    }

    @Test func `an enum with values is one keyword argument`() throws {
        #expect(try ArgumentsDecoder.decode(Shape.self, kwargs: ["circle": ["radius": 2]]) == .circle(radius: 2))
        #expect(try ArgumentsDecoder.decode(Shape.self, kwargs: ["none": [:]]) == .none)
    }

    @Test func `what is sent is what arrives`() throws {
        func roundTrip<T: Codable & Equatable>(_ value: T) throws {
            let arguments = try TaskArgumentsEncoder.encode(value)
            #expect(try ArgumentsDecoder.decode(T.self, args: arguments.args, kwargs: arguments.kwargs) == value)
        }
        try roundTrip(Pair(x: 2, y: -3))
        try roundTrip(Optionals(a: nil, b: "", c: nil))
        try roundTrip(Optionals(a: 1, b: "é", c: []))
        try roundTrip(Nested(point: .init(x: 1, y: 0.5), points: [.init(x: 2, y: 3)]))
        try roundTrip(Nothing())
        try roundTrip(Shape.circle(radius: 1.5))
        try roundTrip(Shape.none)
        try roundTrip(Level.low)
        try roundTrip(Names(["a", "b"]))
    }

    @Test func `a task is sent as positional arguments, absent ones as null`() throws {
        #expect(try TaskArgumentsEncoder.encode(Optionals(a: nil, b: "x", c: nil)) == TaskArguments(args: [nil, "x", nil]))
        #expect(try TaskArgumentsEncoder.encode(Pair(x: 2, y: 3)) == TaskArguments(args: [2, 3]))
    }

    @Test func `an enum with values is sent by keyword`() throws {
        #expect(
            try TaskArgumentsEncoder.encode(Shape.circle(radius: 2)) == TaskArguments(kwargs: ["circle": ["radius": 2.0]]))
    }
}
