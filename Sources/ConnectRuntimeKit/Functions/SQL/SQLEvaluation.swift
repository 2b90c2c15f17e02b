// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// One evaluation of a program.
///
/// An operator whose operand had an error gives the zero value of its type (L7, L8), apart from AND and OR, which have a
/// value wherever the truth does not depend on what is not known.
struct SQLEvaluation {
    typealias Value = CloudEventsSQL.Value
    typealias ValueType = CloudEventsSQL.ValueType

    /// The caller keeps the program alive.
    let program: SQLProgram.Pointer
    let fallback: SQLFallback?
    /// Whether nothing counts but that the value is `true` and there are no errors: the first error ends it.
    let isFilter: Bool
    private(set) var errors: [CloudEventsSQLError] = []
    private(set) var errorCount = 0

    init(_ program: SQLProgram, fallback: SQLFallback?, isFilter: Bool) {
        self.program = program.pointer
        self.fallback = fallback
        self.isFilter = isFilter
    }

    /// The value of a term, or nothing where it is an attribute that is not there, which is noted.
    mutating func value(of term: Int32, _ input: some SQLInput) -> Value? {
        switch program.terms[term] {
        case .boolean(let value): return .boolean(value)
        case .integer(let number): return .integer(number)
        case .string(let place): return .string(program.owner.strings[Int(place)].value)
        case .attribute(let place): return attribute(place, input)
        case .exists(let place): return .boolean(exists(program.attribute(place), input))
        case .not(let operand, let offset): return .boolean(not(operand, Int(offset), input))
        case .negate(let operand, let offset): return .integer(negate(operand, Int(offset), input))
        case .call(let place): return call(Int(place), input)
        case .chain(let first, let steps): return chain(first, steps, input)
        }
    }

    private mutating func fail(_ detail: @autoclosure () -> CloudEventsSQLError.Detail, at offset: Int) {
        errorCount += 1
        if !isFilter { errors.append(CloudEventsSQLError(detail(), at: offset)) }
    }

    // MARK: Attributes

    private mutating func attribute(_ place: Int32, _ input: some SQLInput) -> Value? {
        let attribute = program.attribute(place)
        if let value = input.value(of: attribute) { return value }
        if let text = fallback?.value(of: attribute) { return .string(text) }
        missing(place)
        return nil
    }

    mutating func missing(_ place: Int32) {
        let (attribute, offset) = (program.attribute(place), program.attributes[place].offset)
        fail(attribute.error, at: Int(offset))
    }

    func exists(_ attribute: SQLAttribute, _ input: some SQLInput) -> Bool {
        attribute.isRequired || input.kind(of: attribute) != .absent
    }

    // MARK: Unary operators

    private mutating func not(_ operand: Int32, _ offset: Int, _ input: some SQLInput) -> Bool {
        let before = errorCount
        guard let value = value(of: operand, input), errorCount == before else { return false }
        return boolean(value, offset) == false
    }

    private mutating func negate(_ operand: Int32, _ offset: Int, _ input: some SQLInput) -> Int32 {
        let before = errorCount
        guard let value = value(of: operand, input), errorCount == before,
            let number = integer(value, offset)
        else { return 0 }
        let (result, overflow) = Int32(0).subtractingReportingOverflow(number)
        guard overflow else { return result }
        fail(.overflow, at: offset)
        return 0
    }

    /// The value in a type; nothing, and an error, where it is none (L10).
    private mutating func cast(_ value: Value, to type: ValueType, at offset: Int) -> Value? {
        if let result = value.cast(to: type) { return result }
        fail(.cast(from: value.type, to: type), at: offset)
        return nil
    }

    private mutating func boolean(_ value: Value, _ offset: Int) -> Bool? {
        if case .boolean(let value) = value { return value }
        if case .boolean(let result) = cast(value, to: .boolean, at: offset) { return result }
        return nil
    }

    private mutating func integer(_ value: Value, _ offset: Int) -> Int32? {
        if case .integer(let number) = value { return number }
        if case .integer(let result) = cast(value, to: .integer, at: offset) { return result }
        return nil
    }

    // MARK: Chains

    private mutating func chain(_ first: Int32, _ steps: TableRange, _ input: some SQLInput) -> Value? {
        let before = errorCount
        var index = steps.start
        var value: Value?
        if let result = comparison(first, program.steps[index], input) {
            value = .boolean(result)
            index += 1
        } else if let result = truth(of: first, input) {
            value = .boolean(result)
        } else {
            value = self.value(of: first, input)
        }
        while index < steps.end {
            if isFilter, errorCount != 0 { return .boolean(false) }
            value = apply(program.steps[index], to: value, since: before, input)
            index += 1
        }
        return value
    }

    private mutating func apply(
        _ step: SQLProgram.Step,
        to left: Value?,
        since before: Int,
        _ input: some SQLInput
    ) -> Value {
        let offset = Int(step.offset)
        switch step.action {
        case .binary(.and, let operand): return .boolean(and(left, operand, offset, input))
        case .binary(.or, let operand): return .boolean(or(left, operand, offset, input))
        case .binary(let symbol, let operand):
            let right = value(of: operand, input)
            guard let left, let right, errorCount == before else { return symbol.type.zero }
            return binary(symbol, left, right, offset)
        case .like(let place, let isNegated):
            guard let left, errorCount == before else { return .boolean(false) }
            return .boolean(left.description.withBytes { program.matches(place, $0) } != isNegated)
        case .in(let elements, let isNegated, _):
            guard let left, errorCount == before else { return .boolean(false) }
            let isFound = contains(left, elements, offset, input)
            return .boolean(isFound.map { isNegated ? !$0 && errorCount == before : $0 } ?? false)
        }
    }

    // MARK: Logic

    private mutating func and(_ left: Value?, _ operand: Int32, _ offset: Int, _ input: some SQLInput) -> Bool {
        guard let left, boolean(left, offset) == true else { return false }
        if let right = truth(of: operand, input) { return right }
        guard let right = value(of: operand, input) else { return false }
        return boolean(right, offset) == true
    }

    private mutating func or(_ left: Value?, _ operand: Int32, _ offset: Int, _ input: some SQLInput) -> Bool {
        if let left, boolean(left, offset) == true { return true }
        // An operation on an attribute that is not there is false, whatever the other operand (L8).
        guard let right = value(of: operand, input), left != nil else { return false }
        return boolean(right, offset) == true
    }

    // MARK: Comparison and arithmetic

    private mutating func binary(_ symbol: SQLOperator, _ left: Value, _ right: Value, _ offset: Int) -> Value {
        switch symbol {
        case .equal, .notEqual:
            guard let left = cast(left, to: right.type, at: offset) else { return .boolean(false) }
            return .boolean((left == right) == (symbol == .equal))
        case .xor:
            let (left, right) = (boolean(left, offset), boolean(right, offset))
            guard let left, let right else { return .boolean(false) }
            return .boolean(left != right)
        default:
            let (left, right) = (integer(left, offset), integer(right, offset))
            guard let left, let right else { return symbol.type.zero }
            if let result = Self.compare(symbol, left, right) { return .boolean(result) }
            return .integer(arithmetic(symbol, left, right, offset))
        }
    }

    private mutating func arithmetic(_ symbol: SQLOperator, _ left: Int32, _ right: Int32, _ offset: Int) -> Int32 {
        // 64 bits hold every sum, difference and product, and the quotient of the least number and -1.
        let (wideLeft, wideRight) = (Int64(left), Int64(right))
        let result: Int64
        switch symbol {
        case .add: result = wideLeft + wideRight
        case .subtract: result = wideLeft - wideRight
        case .multiply: result = wideLeft * wideRight
        default:
            guard right != 0 else {
                fail(.divisionByZero, at: offset)
                return 0
            }
            result = symbol == .divide ? wideLeft / wideRight : wideLeft % wideRight
        }
        if let number = Int32(exactly: result) { return number }
        fail(.overflow, at: offset)
        return 0
    }

    // MARK: Sets

    /// Whether the left operand is one of the elements, which are cast to its type (L12); nothing where one of them is an
    /// attribute that is not there.
    private mutating func contains(
        _ left: Value,
        _ elements: TableRange,
        _ offset: Int,
        _ input: some SQLInput
    ) -> Bool? {
        for index in elements.indices {
            let element = program.places[index]
            if case .string(let place) = program.terms[element], case .string(let text) = left {
                if text.withBytes({ areEqual($0, program.text(place)) }) { return true }
                continue
            }
            let before = errorCount
            guard let value = value(of: element, input) else { return nil }
            guard errorCount == before, let value = cast(value, to: left.type, at: offset) else { continue }
            if value == left { return true }
        }
        return false
    }

    // MARK: Functions

    private mutating func call(_ place: Int, _ input: some SQLInput) -> Value {
        let call = program.owner.calls[place]
        guard let function = call.function else {
            fail(.missingFunction(call.name, arguments: call.arguments.count), at: Int(call.offset))
            return .boolean(false)
        }
        switch function.work {
        case .cast(let type): return castCall(call, to: type, input) ?? type.zero
        case .isCastable(let type):
            let before = errorCount
            guard let value = value(of: call.arguments[0], input), errorCount == before else { return .boolean(false) }
            return .boolean(value.cast(to: type) != nil)
        case .builtIn(let work):
            guard let values = arguments(of: call, function, input) else { return function.returnType.zero }
            return builtIn(work, values, call)
        case .body(let body):
            guard let values = arguments(of: call, function, input) else { return function.returnType.zero }
            return custom(function, body, values, Int(call.offset))
        }
    }

    private mutating func castCall(_ call: SQLProgram.Call, to type: ValueType, _ input: some SQLInput) -> Value? {
        let before = errorCount
        guard let value = value(of: call.arguments[0], input), errorCount == before else { return nil }
        return cast(value, to: type, at: Int(call.offset))
    }

    private mutating func arguments(
        of call: SQLProgram.Call,
        _ function: CloudEventsSQL.Function,
        _ input: some SQLInput
    ) -> [Value]? {
        let before = errorCount
        var values: [Value] = []
        values.reserveCapacity(call.arguments.count)
        for (index, argument) in call.arguments.enumerated() {
            let beforeArgument = errorCount
            guard let value = value(of: argument, input), errorCount == beforeArgument else { continue }
            guard let type = function.parameterType(at: index) else { continue }
            if let value = cast(value, to: type, at: Int(call.offset)) { values.append(value) }
        }
        return errorCount == before ? values : nil
    }

    private mutating func builtIn(_ work: BuiltInFunction, _ values: [Value], _ call: SQLProgram.Call) -> Value {
        let offset = Int(call.offset)
        let limit = program.owner.textLimit
        switch work.call(values, textLimit: limit) {
        case .value(let value): return value
        case .failure(let value, let message):
            fail(.function(call.name, message), at: offset)
            return value
        case .mathFailure(let value, let message):
            fail(.functionMath(call.name, message), at: offset)
            return value
        case .textTooLong:
            fail(.textTooLong(call.name, limit: limit), at: offset)
            return .string("")
        }
    }

    private mutating func custom(
        _ function: CloudEventsSQL.Function,
        _ body: CloudEventsSQL.Function.Body,
        _ values: [Value],
        _ offset: Int
    ) -> Value {
        do {
            let value = try body(values)
            if value.type == function.returnType { return value }
            fail(.function(function.name, "it gave a \(value.type), not a \(function.returnType)"), at: offset)
        } catch let failure as CloudEventsSQL.FunctionFailure {
            fail(.function(function.name, failure.message), at: offset)
            if let value = failure.value, value.type == function.returnType { return value }
        } catch {
            fail(.function(function.name, "\(error)"), at: offset)
        }
        return function.returnType.zero
    }
}
