"""Attributes: of modules, of classes and their instances along the order of their bases, of what a library makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Expr
from conclint.program.candidates import few, is_empty, is_false, unique
from conclint.program.containers import method_of
from conclint.program.model import ClassNode, Func, Module
from conclint.program.reaching import stored_at
from conclint.program.remote_values import remote_attribute
from conclint.program.values import (
    ClassValue,
    Coroutine,
    External,
    Function,
    Instance,
    Method,
    ModuleValue,
    Param,
    Remote,
    Super,
    Value,
    Values,
)

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator


class Members:
    """Finds attributes for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._reads = evaluator.program.reads

    def attributes(self, values: Values, name: str) -> Values:
        """The candidates for an attribute of any of some values."""
        if len(values) == 1:
            return self.attribute(values[0], name)
        found = [result for value in values for result in self.attribute(value, name)]
        if found:
            # What a caller must pass may be anything: beside it nothing else is certain.
            found.extend(value for value in values if isinstance(value, Param) and _must_be_given(value))
        return unique(found)

    def attribute(self, value: Value, name: str) -> Values:
        """The candidates for an attribute of a value."""
        if isinstance(value, ModuleValue):
            return self._evaluator.module_global(value.module, name) or self.submodule(value.module, name)
        if isinstance(value, External):
            return (External(self._evaluator.program.knowledge.canonical(f"{value.dotted}.{name}")),)
        if isinstance(value, Instance):
            if isinstance(value.type, ClassNode):
                return self.member(value.type, name, value)
            return self._library_attribute(value, name)
        if isinstance(value, ClassValue):
            return self.class_attribute(value.cls, name)
        if isinstance(value, Super):
            return self._super_attribute(value, name)
        if isinstance(value, Remote):
            return remote_attribute(self._evaluator, value, name)
        if isinstance(value, Coroutine):
            return ()
        return ()

    def submodule(self, module: Module, name: str) -> Values:
        """The module of that name in a package."""
        found = self._evaluator.program.names.find(f"{module.name}.{name}", module) if module.is_package else None
        if found is None:
            return ()
        self._reads.modules |= found.bit
        return (ModuleValue(found),)

    def _library_attribute(self, value: Instance, name: str) -> Values:
        knowledge = self._evaluator.program.knowledge
        assert isinstance(value.type, str)
        if name == "current_actor" and value.type == "ray.runtime_context.RuntimeContext" and value.site is not None:
            cls = value.site[0].cls
            if cls is not None and self._evaluator.program.contexts.actors.decorated(cls):
                return (Remote(cls, "handle"),)
        known = knowledge.attribute(value.type, name)
        if known:
            return (self._evaluator.made(known, value, value.site),)
        row = knowledge.method(value.type, name)
        if row is not None or knowledge.is_type(value.type) or (value.of and method_of(value.type, name)):
            return (Method(f"{value.type}.{name}", value),)
        return ()

    def class_attribute(self, cls: ClassNode, name: str) -> Values:
        """The candidates for an attribute of a class of the program."""
        for base in self._evaluator.mro(cls):
            if isinstance(base, str):
                typed = self._evaluator.program.knowledge.attribute(base, name)
                if typed:
                    return (Instance(self._evaluator.program.knowledge.canonical(typed)),)
                known = self._evaluator.program.knowledge.method(base, name)
                if known is not None:
                    return (External(f"{base}.{name}"),)
                continue
            method = base.methods.get(name)
            if method is not None:
                receiver = ClassValue(cls) if method.is_classmethod else None
                return tuple(
                    Function(method, receiver) if value == Function(method) else value
                    for value in self._evaluator.decorated(method)
                )
            found = self._class_level(base, name)
            if found:
                return found
        return ()

    def _class_level(self, cls: ClassNode, name: str) -> Values:
        body = cls.module.functions[cls.fact.body]
        found: list[Value] = []
        for attribute, value, annotation in cls.fact.attributes:
            if attribute == name:
                at = value if isinstance(value, int) else -1
                exact = tuple(one for one in self._evaluator.of(value, body, at) if not is_false(one))
                found.extend(self.or_promised(exact, annotation, body))
        return unique(found)

    def or_promised(self, exact: Values, annotation: Expr, func: Func) -> Values:
        """What is known of a value, or, where that is nothing but that it is an empty container, its annotation."""
        if annotation is None or not all(isinstance(one, Param) or is_empty(one) for one in exact):
            return exact
        return self._evaluator.annotated(annotation, func) or exact

    def member(self, cls: ClassNode, name: str, receiver: Instance) -> Values:
        """The candidates for an attribute of an instance of a class of the program."""
        if name == "__class__":
            return (ClassValue(cls),)
        for base in self._evaluator.mro(cls):
            if isinstance(base, str):
                found = self._library_attribute(Instance(base, receiver.site), name)
                if found:
                    return tuple(Method(one.dotted, receiver) if isinstance(one, Method) else one for one in found)
                continue
            method = base.methods.get(name)
            if method is not None:
                if method.is_property:
                    return self._evaluator.returns(method, receiver)
                if method.is_static:
                    return (Function(method),)
                return self._bind(self._evaluator.decorated(method), receiver, method)
            values = self.field(base, name)
            if values:
                return values
        return ()

    def _bind(self, values: Values, receiver: Instance, method: Func) -> Values:
        return tuple(
            Function(
                one.func,
                ClassValue(receiver.type)
                if method.is_classmethod and isinstance(receiver.type, ClassNode)
                else receiver,
            )
            if isinstance(one, Function) and one.func is method
            else one
            for one in values
        )

    def field(self, cls: ClassNode, name: str) -> Values:
        """The candidates for `self.name` as this one class sets it, in its methods or its body."""
        key = ("field", cls, name)
        known = self._evaluator.answers.get(key)
        if known is not None:
            return known
        frame = self._evaluator.answers.begin(key, cls.module.bit)
        values: list[Value] = []
        for attribute, index, value, annotation in cls.fact.fields:
            if attribute == name:
                func = cls.module.functions[index]
                at = value if isinstance(value, int) else stored_at(func, value)
                exact = tuple(one for one in self._evaluator.of(value, func, at) if not is_false(one))
                values.extend(self.or_promised(exact, annotation, func))
        if not any(not isinstance(value, Param) for value in values):
            values.extend(self._class_level(cls, name))
        return self._evaluator.answers.end(key, frame, few(tuple(dict.fromkeys(values))))

    def _super_attribute(self, value: Super, name: str) -> Values:
        order = (
            self._evaluator.mro(value.receiver.type)
            if isinstance(value.receiver, Instance) and isinstance(value.receiver.type, ClassNode)
            else self._evaluator.mro(value.cls)
        )
        start = order.index(value.cls) + 1 if value.cls in order else 1
        for base in order[start:]:
            if isinstance(base, str):
                if self._evaluator.program.knowledge.method(base, name) is not None:
                    return (Method(f"{base}.{name}", value.receiver),)
                continue
            method = base.methods.get(name)
            if method is not None:
                return (Function(method, value.receiver),)
        return ()


def _must_be_given(value: Param) -> bool:
    return any(param.name == value.name and param.required for param in value.func.fact.params)
